"""Configs against their data: shapes, classes and loss."""

import re
from pathlib import Path
from typing import Any

import pytest

from dltrain.config.loader import read, read_dict
from dltrain.core.errors import Problem
from dltrain.core.inputs import InputFacts
from dltrain.engine.check import check, check_shapes
from tests.docs.stand_ins import stand_in

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_example_config_is_right(path: Path, tmp_path: Path) -> None:
    checked = check(read(path, stand_in(path.name, tmp_path)))
    assert checked.problems == ()
    assert checked.graph is not None


def problems(
    layers: list[Any], loss: Any = "categorical_crossentropy", targets: Any = None
) -> tuple[Problem, ...]:
    mapping = {"model": {"layers": layers}, "optimizer": "adam", "training": {"loss": loss}}
    draft = read_dict(mapping, dataset=False)
    return check_shapes(draft, (8, 8, 1), 10, targets=targets).problems


def test_the_history_leads_from_the_input_to_the_layer_at_fault() -> None:
    fits = {"type": "conv2d", "filters": 2, "kernel_size": 3}
    (problem,) = problems([fits, {**fits, "kernel_size": 9}])
    assert problem.path == "model.layers[1].kernel_size"
    assert problem.history == "input (8, 8, 1) > conv2d (6, 6, 2) > conv2d"


def test_the_units_at_fault_are_found_before_a_softmax_of_its_own() -> None:
    (problem,) = problems(["flatten", {"type": "dense", "units": 3}, "softmax"])
    assert problem.path == "model.layers[1].units"
    assert "10 classes" in problem.message


def test_a_loss_that_does_not_suit_the_last_activation_is_told() -> None:
    (problem,) = problems(["flatten", {"type": "dense", "units": 10}])
    assert problem.path == "model.layers[1].activation"
    assert "softmax" in (problem.hint or "")


def test_a_mistake_inside_a_container_names_its_layer() -> None:
    inner = {"type": "conv2d", "filters": 2, "kernel_size": 9}
    (problem,) = problems([{"type": "residual", "layers": [inner]}])
    assert problem.path == "model.layers[0].layers[0].kernel_size"


def test_an_unknown_key_inside_a_container_names_its_layer() -> None:
    inner = {"type": "dense", "unitz": 2}
    (problem,) = problems(["flatten", {"type": "residual", "layers": [inner]}])
    assert problem.path == "model.layers[1].layers[0].unitz"
    assert problem.hint == "did you mean `units`?"


def test_layers_after_one_that_cannot_be_read_are_not_checked() -> None:
    (problem,) = problems(["flat", {"type": "dense", "units": 3}])
    assert "flat" in problem.message


PIXELS = {"type": "conv2d", "filters": 10, "kernel_size": 1, "activation": "softmax"}
VECTOR = ["flatten", {"type": "dense", "units": 10, "activation": "softmax"}]


@pytest.mark.parametrize(
    ("layers", "targets", "message", "hint"),
    [
        ([PIXELS], ("labels", ()), r"one label for each sample.* each of 8 x 8", "global pooling"),
        (VECTOR, ("labels", (8, 8)), r"a label for each of 8 x 8", r"\(8, 8, 10\)"),
        ([PIXELS], ("labels", (4, 4)), r"a label for each of 4 x 4", r"\(4, 4, 10\)"),
        ([PIXELS], ("dense", (8, 8)), r"targets have shape \(8, 8\)", ""),
        (VECTOR, ("dense", (8, 8, 10)), r"targets have shape \(8, 8, 10\)", ""),
    ],
)
def test_targets_of_other_positions_than_the_output_are_told_with_both_shapes(
    layers: list[Any], targets: Any, message: str, hint: str
) -> None:
    (problem,) = problems(layers, targets=targets)
    assert re.search(message, problem.message)
    assert re.search(hint, problem.hint or "")
    assert problem.path.startswith(f"model.layers[{len(layers) - 1}]")


@pytest.mark.parametrize(
    ("layers", "targets"),
    [
        ([PIXELS], ("labels", (8, 8))),
        ([PIXELS], ("dense", (8, 8, 10))),
        (VECTOR, ("labels", ())),
        (VECTOR, ("dense", (10,))),
    ],
)
def test_targets_of_the_positions_of_the_output_are_right(layers: list[Any], targets: Any) -> None:
    assert problems(layers, targets=targets) == ()


def test_weights_of_other_classes_name_their_field() -> None:
    loss = {"type": "categorical_crossentropy", "class_weight": [1, 2]}
    (problem,) = problems(VECTOR, loss)
    assert problem.path == "training.loss.class_weight"
    assert "2 numbers, but there are 10 classes" in problem.message


@pytest.mark.parametrize("name", ["accuracy", "top_k_accuracy", "precision", "mean_iou"])
def test_what_counts_classes_is_refused_where_numbers_are_told(name: str) -> None:
    layers = ["flatten", {"type": "dense", "units": 1}]
    training = {"loss": "mean_squared_error", "metrics": ["mean_absolute_error", name]}
    mapping = {"model": {"layers": layers}, "optimizer": "adam", "training": training}
    draft = read_dict(mapping, dataset=False)
    (problem,) = check_shapes(draft, (8,), None, targets=("dense", (1,))).problems
    assert problem.path == "training.metrics[1]"
    assert f"{name} counts how classes are told" in problem.message
    assert "mean_absolute_error" in (problem.hint or "")


def test_a_table_of_fewer_rows_than_there_are_tokens_is_refused() -> None:
    table = {"type": "embedding", "input_dim": 99, "output_dim": 4}
    layers = [table, "global_average_pooling1d", {"type": "dense", "units": 10}]
    mapping = {"model": {"layers": layers}, "optimizer": "adam", "training": {"loss": "huber"}}
    draft = read_dict(mapping, dataset=False)
    (problem,) = check_shapes(draft, (8,), 10, facts=InputFacts(tokens=100)).problems
    assert problem.path == "model.layers[0].input_dim"
    assert problem.message == "the data set has 100 tokens, but the table has 99 rows"
    assert problem.hint == "write `input_dim: tokens`"
    assert check_shapes(draft, (8,), 10, facts=InputFacts(tokens=99)).problems == ()
