import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dltrain.cli.app import main
from dltrain.data.sources.digits import bundled_folder

ROOT = Path(__file__).parents[2]


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return int(stopped.value.code or 0)


@pytest.fixture
def example() -> Path:
    return bundled_folder() / "examples" / "digit_0_0048.png"


def test_fit_names_its_folder_first_and_last_and_prints_the_result(
    tmp_path: Path,
    small_config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("fit", small_config, "--set", "training.epochs=2", "--name", "mine") == 0
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert lines[0] == "run folder runs/mine"
    assert lines[-1] == "run folder runs/mine"
    assert sum(line.startswith("epoch ") for line in lines) == 2
    assert "\x1b" not in err + out
    assert "\r" not in err + out
    assert out.startswith("test  loss ")
    assert len(out.splitlines()) == 1


def test_quiet_leaves_the_result_alone(
    tmp_path: Path, small_config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("fit", small_config, "--runs", tmp_path / "runs", "-q") == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert len(out.splitlines()) == 1


def test_fit_on_a_missing_config_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("fit", tmp_path / "none.yaml") == 2
    assert "none.yaml" in capsys.readouterr().err


def test_fit_where_nothing_can_be_written_exits_with_5(
    tmp_path: Path, small_config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runs").write_bytes(b"")
    assert run("fit", small_config, "--runs", tmp_path / "runs") == 5
    assert "error: cannot write" in capsys.readouterr().err


def test_a_diverging_fit_exits_with_4(
    tmp_path: Path, small_config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wild = ("--set", "optimizer.learning_rate=1e30")
    assert run("fit", small_config, "--runs", tmp_path / "runs", *wild) == 4
    assert "not finite at step" in capsys.readouterr().err


def test_resuming_with_another_config_exits_with_2(
    tmp_path: Path, small_config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fit = ("fit", small_config, "--runs", tmp_path / "runs", "--set", "training.epochs=1")
    assert run(*fit) == 0
    assert run(*fit, "--resume", "--set", "seed=1") == 2
    assert "seed (0 there, 1 here)" in capsys.readouterr().err
    assert run(*fit, "--resume") == 0
    assert "was finished" in capsys.readouterr().err


def test_the_live_screen_draws_rows_and_a_panel(tmp_path: Path, small_config: Path) -> None:
    from rich.console import Console

    import dltrain
    from dltrain.cli.live_screen import LiveScreen

    drawn = io.StringIO()
    screen = LiveScreen(Console(file=drawn, force_terminal=True, width=120, highlight=False))
    run = dltrain.fit(small_config, runs=tmp_path / "runs", observe=screen)
    screen.close()
    text = drawn.getvalue()
    assert "val_accuracy" in text
    assert "wait" in text
    assert "dltrain predict" in text
    assert run.folder.name in text


def test_evaluate_gives_the_result_of_the_run(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("evaluate", trained, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    result = json.loads((trained / "result.json").read_text(encoding="utf-8"))
    assert found == {key: result[key] for key in ("split", "samples", "loss", "metrics")}


def test_evaluate_takes_other_splits_and_names_those_that_are_there(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("evaluate", trained, "--split", "validation", "--json") == 0
    assert json.loads(capsys.readouterr().out)["samples"] == 144
    assert run("evaluate", trained, "--split", "holdout") == 3
    err = capsys.readouterr().err
    assert all(name in err for name in ("train", "validation", "test"))


@pytest.mark.parametrize(
    ("floor", "code"),
    [("accuracy=0.5", 0), ("accuracy=1.01", 6), ("acuracy=0.5", 2), ("accuracy", 2), ("a=b", 2)],
)
def test_fail_under_decides_the_exit_code(
    trained: Path, capsys: pytest.CaptureFixture[str], floor: str, code: int
) -> None:
    assert run("evaluate", trained, "--fail-under", floor) == code
    assert ("did you mean `accuracy`" in capsys.readouterr().err) == (floor == "acuracy=0.5")


def test_evaluate_on_a_damaged_checkpoint_exits_with_5(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = bytearray((trained / "checkpoints" / "best.safetensors").read_bytes())
    content[-5] ^= 4
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(content)
    assert run("evaluate", damaged) == 5
    assert run("predict", damaged, "x.png") == 5
    err = capsys.readouterr().err
    assert "damaged" in err
    assert "Traceback" not in err


def test_predict_writes_every_format(
    trained: Path, example: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {}
    for form in ("table", "json", "jsonl", "csv"):
        assert run("predict", trained, example, example, "--format", form) == 0
        found[form] = capsys.readouterr().out
    records = json.loads(found["json"])
    assert [record["label"] for record in records] == ["0", "0"]
    assert [json.loads(line) for line in found["jsonl"].splitlines()] == records
    rows = list(csv.DictReader(io.StringIO(found["csv"])))
    assert [row["label"] for row in rows] == ["0", "0"]
    assert float(rows[0]["probability_3"]) == records[0]["top"][2]["probability"]
    assert str(example) in found["table"]


def test_predict_gives_a_record_for_what_cannot_be_read_and_exits_with_3(
    trained: Path, example: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(example.read_bytes()[:40])
    code = run("predict", trained, "none.png", example, broken, "--format", "jsonl")
    assert code == 3
    out, err = capsys.readouterr()
    records = [json.loads(line) for line in out.splitlines()]
    assert [record["error"] is None for record in records] == [False, True, False]
    assert "2 of 3 inputs" in err


def test_predict_writes_a_file_whose_suffix_says_the_format(
    trained: Path, example: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "labels.csv"
    assert run("predict", trained, example, "-o", output) == 0
    assert capsys.readouterr().out == ""
    assert output.read_text(encoding="utf-8").startswith("path,label,probability")


def test_predict_never_writes_over_what_it_reads(
    trained: Path, example: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "digit.png"
    copy.write_bytes(example.read_bytes())
    listed = tmp_path / "list.txt"
    listed.write_text(str(copy), encoding="utf-8")
    best = trained / "checkpoints" / "best.safetensors"
    before = best.read_bytes()
    assert run("predict", trained, copy, "-o", copy) == 2
    assert run("predict", trained, tmp_path, "-o", copy) == 2
    assert run("predict", trained, f"@{listed}", "-o", listed) == 2
    assert run("predict", best, copy, "-o", best) == 2
    assert copy.read_bytes() == example.read_bytes()
    assert listed.read_text(encoding="utf-8") == str(copy)
    assert best.read_bytes() == before
    assert "is kept" in capsys.readouterr().err


def test_predict_reads_paths_from_standard_input_and_a_closed_pipe_is_no_error(
    trained: Path, example: Path
) -> None:
    command = f"{sys.executable} -m dltrain predict {trained} - --format jsonl | head -n 1"
    done = subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", command],
        input=f"{example}\n" * 3,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["label"] == "0"
