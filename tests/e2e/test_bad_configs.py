"""Every mistake in a config ends with 2, at its line and column, before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import GOOD, Run, contents


@pytest.mark.parametrize("command", ["validate", "fit"])
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param(
            "epochs: 1", "epocs: 1",
            ["config.yaml:12:3", "training.epocs", "unknown key", "did you mean `epochs`?"],
            id="unknown key",
        ),
        pytest.param(
            "type: adam", "type: adamm",
            ["config.yaml:8:19", "no optimizer is called 'adamm'", "did you mean `adam`?"],
            id="misspelt type",
        ),
        pytest.param(
            "units: 16", "units: many",
            ["config.yaml:6:28", "model.layers[1].units", "a whole number", "the text 'many'"],
            id="wrong type",
        ),
        pytest.param(
            "  epochs: 1", "  epochs: 1\n  epochs: 2",
            ["config.yaml:13:3", "training.epochs", "`epochs` stands twice", "line 12", "keep one"],
            id="duplicate key",
        ),
        pytest.param(
            "- flatten", "- {type: conv2d, filters: 4, kernel_size: 9}\n    - flatten",
            ["config.yaml:5:47", "kernel_size", "(8, 8, 1)", "history  input (8, 8, 1)"],
            id="kernel larger than its input",
        ),
        pytest.param(
            "units: 10", "units: 7",
            ["config.yaml:7:28", "10 classes", "`classes`"],
            id="units not equal to the classes",
        ),
        pytest.param(
            "loss: categorical_crossentropy", "loss: [",
            ["config.yaml:", "error:"],
            id="YAML syntax",
        ),
        pytest.param(
            "dataset: {type: digits, validation: 0.1}\n", "",
            ["config.yaml", "`dataset` is missing", "try "],
            id="no dataset",
        ),
        pytest.param(GOOD, "", ["config.yaml", "empty", "dltrain init"], id="empty"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_what_to_do(
    run: Run, here: Path, command: str, old: str, new: str, words: list[str]
) -> None:
    assert old in GOOD
    (here / "config.yaml").write_text(GOOD.replace(old, new), encoding="utf-8")
    before = contents(here)
    outcome = run(command, "config.yaml")
    outcome.refused(2, *words)
    assert outcome.err.count("error:") == 1
    assert contents(here) == before


def test_two_mistakes_in_a_file_are_both_told(run: Run, here: Path) -> None:
    text = GOOD.replace("units: 16", "unitz: 16").replace("epochs: 1", "epochs: 0")
    (here / "config.yaml").write_text(text, encoding="utf-8")
    outcome = run("fit", "config.yaml")
    outcome.refused(2, "config.yaml:6:21", "unitz", "config.yaml:12:11", "greater than 0")
    assert outcome.err.count("error:") == 2


@pytest.mark.parametrize(
    "content",
    [b"\x93NUMPY\x01\x00v\x00{'descr'", b"\x89PNG\r\n\x1a\n\x00\x00", bytes(range(256)) * 8],
    ids=["npy", "png", "bytes"],
)
def test_a_binary_file_is_no_config(run: Run, here: Path, content: bytes) -> None:
    (here / "config.yaml").write_bytes(content)
    run("fit", "config.yaml").refused(2, "config.yaml", "not a text file")
    assert contents(here) == {"config.yaml": content}


def test_a_checkpoint_is_no_config(run: Run, trained: Path) -> None:
    path = trained / "checkpoints" / "best.safetensors"
    run("fit", path).refused(2, str(path), "not a text file")


@pytest.mark.parametrize("command", ["fit", "validate", "summary", "benchmark"])
def test_an_absent_config_is_told_with_the_nearest_name(run: Run, good: Path, command: str) -> None:
    run(command, "god.yaml").refused(2, "does not exist", "god.yaml", "did you mean `good.yaml`?")


def test_a_mistake_on_the_command_line_is_told_at_its_option(run: Run, good: Path) -> None:
    run("fit", good, "--set", "training.epoch=3").refused(
        2, "--set training.epoch\n", "did you mean `epochs`?"
    )
    run("fit", good, "--name", "a/b").refused(2, "the name of a folder", "'a/b'")
    assert not Path("runs").exists()


def test_config_and_data_both_wrong_exit_2(run: Run, good: Path) -> None:
    outcome = run("fit", good, "--set", "dataset={type: mnist, path: away}", "--set", "seed=x")
    outcome.refused(2, "--set seed", "a whole number")
