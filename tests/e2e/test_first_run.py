"""What the README promises: fit, evaluate, predict; results and progress on separate streams."""

from __future__ import annotations

import csv
import io
import json
import shlex
from pathlib import Path

import pytest

from dltrain.data.sources.digits import bundled_folder
from tests.e2e.conftest import ROOT, Outcome, Run, command, spawn

EXAMPLES = bundled_folder() / "examples"
IMAGES = sorted(EXAMPLES.glob("*.png"))


def test_a_network_is_trained_measured_and_used(run: Run, here: Path) -> None:
    fitted = run("fit", ROOT / "configs" / "digits_mlp.yaml")
    assert fitted.code == 0, fitted.err
    assert fitted.err.splitlines()[-1] == "run folder runs/digits_mlp"
    result = json.loads(Path("runs/digits_mlp/result.json").read_bytes())
    evaluated = json.loads(run("evaluate", "runs/digits_mlp", "--json").out)
    assert evaluated == {key: result[key] for key in ("split", "samples", "loss", "metrics")}
    assert evaluated["metrics"]["accuracy"] > 0.9
    records = json.loads(run("predict", "runs/digits_mlp", EXAMPLES, "--format", "json").out)
    assert [record["path"] for record in records] == [str(image) for image in IMAGES]
    # The second part of an example's name is its class.
    right = [record["label"] == Path(record["path"]).name.split("_")[1] for record in records]
    assert sum(right) >= 8


def test_the_forms_of_predict_say_the_same(run: Run, trained: Path) -> None:
    forms = {
        form: run("predict", trained, *IMAGES, "--format", form, "--top-k", "2").out
        for form in ("json", "jsonl", "csv", "table")
    }
    records = json.loads(forms["json"])
    assert [json.loads(line) for line in forms["jsonl"].splitlines()] == records
    assert {tuple(record) for record in records} == {
        ("path", "label", "probability", "top", "error")
    }
    assert all(len(record["top"]) == 2 for record in records)
    rows = list(csv.DictReader(io.StringIO(forms["csv"])))
    assert [(row["path"], row["label"], float(row["probability"])) for row in rows] == [
        (record["path"], record["label"], record["probability"]) for record in records
    ]
    shown = [line.split()[:2] for line in forms["table"].splitlines()[2:]]
    assert shown == [[record["path"], record["label"]] for record in records]


def test_every_json_output_is_json_and_nothing_else(run: Run, good: Path, trained: Path) -> None:
    for words in (
        ["validate", good, "--json"],
        ["summary", good, "--json"],
        ["summary", trained, "--json"],
        ["evaluate", trained, "--json"],
        ["list", "--json"],
        ["list", "layers", "--json"],
        ["schema"],
    ):
        outcome = run(*words)
        assert outcome.code == 0, outcome.err
        assert json.loads(outcome.out)


def test_results_alone_go_to_standard_output(good: Path) -> None:
    outcome = spawn(command("fit", good))
    assert outcome.code == 0, outcome.err
    assert len(outcome.out.splitlines()) == 1
    assert outcome.out.startswith("test  loss ")
    assert "run folder runs/good" in outcome.err
    assert set(outcome.out + outcome.err) & set("\x1b\r\b") == set()


def test_unreadable_inputs_are_records_in_their_places(run: Run, here: Path, trained: Path) -> None:
    (here / "text.png").write_text("no image", encoding="utf-8")
    (here / "list.txt").write_text(f"{IMAGES[3]}\nabsent.png\n", encoding="utf-8")
    words = ["predict", trained, "text.png", IMAGES[0], "@list.txt", "none*.png"]
    outcome = run(*words, "--format", "jsonl")
    assert outcome.code == 3
    records = [json.loads(line) for line in outcome.out.splitlines()]
    assert [record["error"] is None for record in records] == [False, True, True, False, False]
    assert [record["label"] for record in records] == [None, "0", "3", None, None]
    assert "3 of 5 inputs" in outcome.err


def piped(*words: object, reader: str) -> Outcome:
    """Run a command whose reader stops early; give the command's own exit code."""
    line = f"{shlex.join(command(*words))} | {reader}; exit ${{PIPESTATUS[0]}}"
    return spawn(["/bin/bash", "-c", line])


@pytest.mark.skipif(not Path("/bin/bash").exists(), reason="the system has no bash")
def test_a_pipe_that_closes_early_is_no_error(trained: Path) -> None:
    images = [image for image in IMAGES for _ in range(20)]
    for words in (
        ["predict", trained, *images, "--format", "csv"],
        ["predict", trained, *IMAGES, "-o", "/dev/stdout"],
        ["evaluate", trained],
        ["summary", trained],
        ["schema"],
        ["list", "layers"],
        ["--help"],
    ):
        outcome = piped(*words, reader="true")
        assert (outcome.code, outcome.err) == (0, ""), words


@pytest.mark.parametrize("words", [["--help"], ["fit", "--help"], ["predict", "-h"], ["--version"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    outcome = spawn([command()[0], "-X", "importtime", *command()[1:], *words])
    assert outcome.code == 0
    imported = {line.split("|")[-1].strip() for line in outcome.err.splitlines()}
    assert "dltrain.cli.app" in imported
    assert imported & {"numpy", "numba", "llvmlite", "rich", "yaml", "PIL"} == set()
