"""What a person sees: a terminal that is drawn on while a network trains, and left tidy."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import surroundings

pty = pytest.importorskip("pty", reason="the system has no pseudo-terminals")

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|9[0-7])[;\dm]")
CONTROL = re.compile(r"\x1b\[[?\d;]*[A-Za-z]")

# Progress is told at every step, however short an epoch is.
PROGRAM = """
import sys
import dltrain.training.loop
from dltrain.cli.app import main
dltrain.training.loop.REPORT_SECONDS = 0.0
main(sys.argv[1:])
"""


class Terminal:
    """A process whose standard error, and standard output if wanted, is a pseudo-terminal."""

    def __init__(self, *words: object, out: bool = True, **environment: str) -> None:
        """Start `dltrain` with these words."""
        self._reader, writer = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *map(str, words)],
            stdin=subprocess.DEVNULL,
            stdout=writer if out else subprocess.PIPE,
            stderr=writer,
            env=surroundings(**{"TERM": "xterm-256color", "COLUMNS": "100", **environment}),
        )
        os.close(writer)
        self.shown = ""

    def read_until(self, text: str) -> None:
        """Read until the screen has shown a text."""
        while text not in self.shown and self._more():
            pass

    def finish(self) -> tuple[int, str, str]:
        """Read to the end; give exit code, all that was drawn, and standard output."""
        while self._more():
            pass
        os.close(self._reader)
        out = self.process.stdout.read().decode() if self.process.stdout else ""
        if self.process.stdout:
            self.process.stdout.close()
        return self.process.wait(), self.shown, out

    def _more(self) -> bool:
        try:
            part = os.read(self._reader, 4096)
        except OSError:  # Linux says so when the last writer has gone
            return False
        self.shown += part.decode(errors="replace")
        return bool(part)


def test_a_terminal_shows_a_bar_a_row_for_each_epoch_and_a_panel(good: Path) -> None:
    code, shown, _ = Terminal("fit", good, "--set", "training.epochs=3").finish()
    assert code == 0, shown
    # A bar is drawn over from the start of its line.
    plain = CONTROL.sub("", shown).replace("\r", "\n")
    assert "━" in plain
    assert re.search(
        r"epoch [123]/3 +loss [\d.]+ +accuracy [\d.]+ +[\d,]+ samples/s +[\d.]+ s left", plain
    )
    rows = re.findall(r"^ +(\d) +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ ", plain, re.MULTILINE)
    assert len(rows) == 3
    assert "val_accuracy" in plain
    panel = plain[plain.index("╭─ done") :]
    assert all(word in panel for word in ("accuracy", "runs/good", "dltrain predict", "╰"))
    assert plain.count("test  loss") == 1


def test_the_cursor_is_given_back(good: Path) -> None:
    _, shown, _ = Terminal("fit", good).finish()
    assert shown.count(HIDE) == shown.count(SHOW) > 0
    assert shown.rindex(SHOW) > shown.rindex(HIDE)


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_a_stopped_training_gives_the_cursor_back_and_says_how_to_go_on(
    good: Path, number: int, code: int, word: str
) -> None:
    terminal = Terminal("fit", good, "--set", "training.epochs=100000")
    terminal.read_until(" left")
    terminal.process.send_signal(number)
    found, shown, _ = terminal.finish()
    assert found == code
    assert shown.rindex(SHOW) > shown.rindex(HIDE)
    assert f"{word}; the run is saved" in shown
    assert "--resume" in shown
    assert "Traceback" not in shown


def test_a_diverging_training_gives_the_cursor_back(good: Path) -> None:
    wild = ("--set", "optimizer.learning_rate=1e30")
    code, shown, _ = Terminal("fit", good, *wild).finish()
    assert code == 4
    assert shown.rindex(SHOW) > shown.rindex(HIDE)
    assert shown.rindex("error: ") > shown.rindex(SHOW)


def test_no_color_leaves_the_colours_out(good: Path) -> None:
    code, shown, _ = Terminal("fit", good, NO_COLOR="1").finish()
    assert code == 0
    assert COLOUR.search(shown) is None
    assert "╭─ done" in shown


def test_colours_are_there_without_it(good: Path) -> None:
    _, shown, _ = Terminal("fit", good).finish()
    assert COLOUR.search(shown) is not None


def test_a_terminal_that_draws_nothing_gets_plain_lines(good: Path) -> None:
    _, shown, _ = Terminal("fit", good, TERM="dumb").finish()
    assert "\x1b" not in shown
    assert "epoch 1/1  loss " in shown


def test_a_result_that_is_piped_is_written_beside_the_panel(good: Path) -> None:
    code, shown, out = Terminal("fit", good, out=False).finish()
    assert code == 0
    assert out.startswith("test  loss ")
    assert "\x1b" not in out
    assert "╭─ done" in CONTROL.sub("", shown)


def test_quiet_draws_nothing(good: Path) -> None:
    code, shown, out = Terminal("fit", good, "-q", out=False).finish()
    assert (code, shown) == (0, "")
    assert out.startswith("test  loss ")


@pytest.mark.parametrize("words", [["evaluate"], ["predict", "absent.png"]])
def test_other_commands_write_plain_results_on_a_terminal_too(
    trained: Path, words: list[str]
) -> None:
    command, *rest = words
    _, shown, _ = Terminal(command, trained, *rest).finish()
    assert "Traceback" not in shown
    assert not set(CONTROL.sub("", shown)) & {"\x1b", "\b"}
