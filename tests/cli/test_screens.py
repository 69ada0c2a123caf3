import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from dltrain.cli import plain_screen
from dltrain.cli.live_screen import LiveScreen
from dltrain.cli.plain_screen import PlainScreen
from dltrain.cli.wording import clock, counted, number
from dltrain.training.events import (
    Compiling,
    EpochEnded,
    Finished,
    FolderOpened,
    Notice,
    Progress,
    TrainingStarted,
)

RECORD = {
    "epoch": 1,
    "step": 10,
    "train_loss": 0.5,
    "train_accuracy": 0.75,
    "val_loss": 12345.0,
    "learning_rate": 0.1,
    "seconds": 2.5,
    "samples_per_second": 4000.0,
    "data_wait": 0.012,
}
RESULT = {"split": "test", "samples": 1, "loss": 0.25, "metrics": {"accuracy": 0.5}}
EVENTS = [
    FolderOpened(Path("runs/a"), 3, 30),
    Notice("careful", warning=True),
    Compiling(0, 2, "dense_forward"),
    Compiling(1, 2, "dense_backward"),
    Compiling(2, 2, ""),
    TrainingStarted(5, 50, 3, 10, 64, 1000, 100, 1, 2),
    Progress(4, 5, 10, {"loss": 0.7}, 4000.0, 75.0),
    EpochEnded(RECORD, improved=True),
    Finished(Path("runs/a"), RESULT),
]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every look at the clock find a minute gone."""
    ticks = iter(range(0, 100_000, 60))
    monkeypatch.setattr(plain_screen, "monotonic", lambda: next(ticks))


@pytest.mark.usefixtures("steps")
def test_a_log_gets_one_plain_line_for_each_event(capsys: pytest.CaptureFixture[str]) -> None:
    screen = PlainScreen()
    for event in EVENTS:
        screen(event)
    screen.close()
    assert capsys.readouterr().err.splitlines() == [
        "run folder runs/a (going on after epoch 3)",
        "warning: careful",
        "compiling kernels (first run only) 1/2",
        "training 1 parameter on 1,000 samples, validated on 100: 5 epochs of 10 steps, batch 64, "
        "2 threads",
        "epoch 4/5  step 5  loss 0.7000  4,000 samples/s  1:15 left",
        "epoch 1/5  loss 0.5000  accuracy 0.7500  val_loss 1.23e+04  4,000 samples/s  "
        "data wait 1.2%  2.5 s  best",
        "run folder runs/a",
    ]


def test_progress_within_an_interval_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    screen = PlainScreen()
    for _ in range(100):
        screen(Progress(4, 5, 10, {"loss": 0.7}, 4000.0, 75.0))
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_row_for_each_epoch_and_a_panel() -> None:
    drawn = io.StringIO()
    screen = LiveScreen(Console(file=drawn, force_terminal=True, width=100, highlight=False))
    for event in EVENTS:
        screen(event)
    text = drawn.getvalue()
    assert "going on after epoch 3" in text
    assert "1.23e+04" in text
    assert "epoch 4/5" in text
    assert "dltrain evaluate runs/a" in text


@pytest.mark.parametrize(
    ("width", "columns"),
    [(100, ["samples/s", "wait", "time"]), (64, ["samples/s", "wait"]), (30, [])],
)
def test_a_row_takes_one_line_and_leaves_out_what_does_not_fit(
    width: int, columns: list[str]
) -> None:
    drawn = io.StringIO()
    screen = LiveScreen(Console(file=drawn, width=width, highlight=False))
    screen(EpochEnded(RECORD, True))
    heading, row = drawn.getvalue().splitlines()
    assert [name for name in ("samples/s", "wait", "time") if name in heading] == columns
    assert max(len(heading), len(row)) <= width
    assert columns == [] or row.endswith(" best")


def test_without_colour_a_terminal_gets_no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "NO_COLOR", "1")
    drawn = io.StringIO()
    screen = LiveScreen(Console(file=drawn, force_terminal=True, width=100, highlight=False))
    screen(Finished(Path("runs/a"), RESULT, already=True))
    assert "\x1b[3" not in drawn.getvalue()
    assert "finished before" in drawn.getvalue()


def test_numbers_read_well() -> None:
    assert [number(value) for value in (0.0, 0.12345, 1e-6, None)] == [
        "0.0000",
        "0.1235",
        "1e-06",
        "not finite",
    ]
    assert [clock(value) for value in (0.5, 5, 50, 500, 5000)] == [
        "0.50 s",
        "5.0 s",
        "50 s",
        "8:20",
        "1:23:20",
    ]
    assert [counted(count, "epoch") for count in (1, 2000)] == ["1 epoch", "2,000 epochs"]
