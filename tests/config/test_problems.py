"""Every mistake is one problem, with its place, what is allowed and what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dltrain.config.draft import in_order
from dltrain.config.loader import load, read
from dltrain.core.errors import ConfigError, Problem

Write = Callable[[str], Path]


def problems(path: Path) -> list[Problem]:
    return in_order(read(path).problems)


def changed(write: Write, good: str, old: str, new: str) -> Problem:
    assert old in good
    (problem,) = problems(write(good.replace(old, new)))
    return problem


@pytest.mark.parametrize(
    ("old", "new", "path", "message", "hint"),
    [
        ("epochs: 2", "epocs: 2", "training.epocs", "unknown key `epocs`", "mean `epochs`?"),
        ("units: 16", "unts: 16", "model.layers[1].unts", "unknown key `unts`", "mean `units`?"),
        ("type: dense, units: 16", "typ: dense, units: 16", "model.layers[1]", "missing", "`type`"),
        ("- flatten", "- flaten", "model.layers[0]", "no layer is called", "mean `flatten`?"),
        ("type: adam", "type: Adam", "optimizer.type", "no optimizer is called", "mean `adam`?"),
        ("relu", "rleu", "model.layers[1].activation", "no activation is called", "mean `relu`?"),
        ("units: 16", "units: '16'", "model.layers[1].units", "the text '16'", "remove the quotes"),
        ("1e-3", "'1e-3'", "optimizer.learning_rate", "expected a number", "remove the quotes"),
        ("units: 16", "units: 16.0", "model.layers[1].units", "expected a whole number", None),
        ("units: 16", "units: -1", "model.layers[1].units", "greater than 0", None),
        ("epochs: 2", "epochs: yes", "training.epochs", "got the text 'yes'", None),
        ("[accuracy]", "accuracy", "training.metrics", "expected a list", "write `[accuracy]`"),
        ("epochs: 2", "threads: atuo", "training.threads", "or 'auto'", "did you mean `auto`?"),
        ("units: 16", "units: {}", "model.layers[1].units", "or 'classes', got a mapping", None),
        ("1e-3", "-1", "optimizer.learning_rate", "greater than 0, got -1", None),
        ("1e-3", "{type: cosin}", "optimizer.learning_rate.type", "no schedule", "mean `cosine`?"),
        ("1e-3", "[1]", "optimizer.learning_rate", "a number or a schedule", None),
        ("categorical_crossentropy", "mse", "training.loss", "no loss", "`mean_squared_error`?"),
        ("- flatten", "- conv2d: 3", "model.layers[0]", "`type` is missing", "add `type: name`"),
        ("- flatten", "-", "model.layers[0]", "expected a layer", None),
        ("- flatten", "- {type: [x]}", "model.layers[0].type", "no layer is called", None),
        ("- flatten", "- {type: conv2d, filters: 1, kernel_size: [3]}",
         "model.layers[0].kernel_size", "a list with more entries", None),
        ("- flatten", "- {type: conv2d, filters: 1, kernel_size: 3, padding: sam}",
         "model.layers[0].padding", "expected 'valid' or 'same'", "did you mean `same`?"),
        ("version: 1", "version: 2", "version", "expected 1, got 2", None),
        ("version: 1", "epochs: 3", "epochs", "unknown key", "belongs under `training`"),
        ("epochs: 2", "learning_rate: 1", "training.learning_rate", "unknown", "under `optimizer`"),
        ("epochs: 2", "seed: 3", "training.seed", "unknown", "belongs at the top level"),
        ("dataset:", "datset:", "datset", "unknown key `datset`", "did you mean `dataset`?"),
        ("  loss:", "  los:", "training.los", "unknown key `los`", "did you mean `loss`?"),
        ("  layers:", "  layer:", "model.layer", "unknown key `layer`", "did you mean `layers`?"),
        ("epochs: 2", "checkpoint: {monitor: val_acc}", "training.checkpoint.monitor",
         "not measured", "did you mean `val_accuracy`?"),
        ("epochs: 2", "epochs: 2\n  steps: 9", "training.steps", "not both", "leave one of them"),
        ("epochs: 2", "checkpoint: {mode: maximum}", "training.checkpoint.mode", "'max'", None),
    ],
)  # fmt: skip
def test_one_mistake_gives_one_problem(
    write: Write, good: str, old: str, new: str, path: str, message: str, hint: str | None
) -> None:
    problem = changed(write, good, old, new)
    assert problem.path == path
    assert message in problem.message
    assert hint is None or hint in (problem.hint or "")
    assert (problem.line or 0) > 0
    assert (problem.column or 0) > 0


def test_a_problem_stands_at_the_line_and_column_of_its_value(write: Write, good: str) -> None:
    problem = changed(write, good, "units: 16", "units: x16")
    assert (problem.line, problem.column) == (6, 28)


def test_an_unknown_key_stands_at_the_key(write: Write, good: str) -> None:
    problem = changed(write, good, "units: 16", "units: 16, unitz: 3")
    assert (problem.line, problem.column) == (6, 32)
    assert "kernel_initializer" in (problem.allowed or "")


def test_all_problems_come_at_once_in_the_order_of_the_file(write: Write, good: str) -> None:
    text = good.replace("- flatten", "- flat").replace("epochs: 2", "epochs: none\n  foo: 1")
    found = problems(write(text.replace("adam", "adamm")))
    assert [problem.line for problem in found] == [5, 8, 12, 13]


@pytest.mark.parametrize("section", ["dataset", "model", "optimizer", "training"])
def test_a_missing_section_is_named(write: Write, section: str) -> None:
    sections = {
        "dataset": "digits",
        "model": "{layers: [flatten]}",
        "optimizer": "adam",
        "training": "{loss: mean_squared_error}",
    }
    del sections[section]
    text = "\n".join(f"{key}: {value}" for key, value in sections.items())
    (problem,) = problems(write(text))
    assert f"`{section}` is missing" in problem.message
    assert problem.hint


def test_a_single_wrong_layer_is_one_problem(write: Write, good: str) -> None:
    start, end = good.index("    - flatten"), good.index("optimizer")
    (problem,) = problems(write(f"{good[:start]}    - {{type: dens, units: 3}}\n{good[end:]}"))
    assert problem.path == "model.layers[0].type"


def test_layers_without_a_mapping_around_them_are_told_where_they_belong(
    write: Write, good: str
) -> None:
    start, end = good.index("  layers:"), good.index("optimizer")
    (problem,) = problems(write(f"{good[:start]}  - flatten\n{good[end:]}"))
    assert problem.hint == "write `model:` and under it `layers:`"


def test_a_loss_at_the_top_is_one_problem(write: Write) -> None:
    text = "dataset: digits\nmodel: {layers: [flatten]}\noptimizer: sgd\nloss: mean_squared_error\n"
    (problem,) = problems(write(text))
    assert problem.hint == "`loss` belongs under `training`"


def test_a_dataset_is_not_needed_where_nothing_is_trained(write: Write, good: str) -> None:
    without = "\n".join(line for line in good.splitlines() if not line.startswith("dataset"))
    assert load(write(without), dataset=False).config.dataset is None


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "null\n"])
def test_an_empty_config_is_called_empty(write: Write, text: str) -> None:
    (problem,) = problems(write(text))
    assert problem.message == "this config is empty"
    assert "dltrain init" in (problem.hint or "")


@pytest.mark.parametrize("text", ["- a\n- b\n", "hello\n", "3\n"])
def test_what_is_no_mapping_is_called_no_config(write: Write, text: str) -> None:
    (problem,) = problems(write(text))
    assert problem.message == "this is not a config"


@pytest.mark.parametrize(
    "content", [b"\x93NUMPY\x01\x00", b"\x89PNG\r\n\x1a\n\x00", b"a: \xff\n", b"a: \x00\n"]
)
def test_a_binary_file_is_called_no_text(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    (problem,) = problems(path)
    assert "not a text file" in problem.message


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    with path.open("wb") as stream:
        stream.truncate(2**33)
    (problem,) = problems(path)
    assert "larger than a config" in problem.message


def test_an_absent_config_names_the_nearest_that_is_there(write: Write, good: str) -> None:
    path = write(good)
    (problem,) = problems(path.with_name("confg.yaml"))
    assert problem.message == "this config does not exist"
    assert str(path) in (problem.hint or "")


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path)
    assert "folder" in problem.message


def test_the_error_shows_every_problem_with_its_place(write: Write, good: str) -> None:
    path = write(good.replace("adam", "adamm").replace("epochs: 2", "epochs: two"))
    with pytest.raises(ConfigError) as caught:
        load(path)
    text = caught.value.render()
    assert f"{path}:8:19  optimizer.type" in text
    assert f"{path}:12:11  training.epochs" in text
