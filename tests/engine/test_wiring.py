"""Layers with names, fed by the names of others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.config.loader import read_dict
from dltrain.core.errors import Problem
from dltrain.engine.check import check_shapes
from dltrain.engine.network import Network
from dltrain.models.sequential import Sequential

CONV = {"type": "conv2d", "filters": 4, "kernel_size": 3, "padding": "same"}
ADD = {"type": "add"}


def build(*layers: Any, shape: tuple[int, ...] = (6, 5, 4)) -> Network:
    model = Sequential.model_validate({"layers": layers})
    return Network.build(model.expand(), input_shape=shape, seed=1, threads=2)


def problem(*layers: Any) -> Problem:
    mapping: dict[str, Any] = {
        "model": {"layers": list(layers)},
        "optimizer": "adam",
        "training": {"loss": "mean_squared_error"},
    }
    (found,) = check_shapes(read_dict(mapping, dataset=False), (6, 5, 4), None).problems
    return found


def names(network: Network) -> list[str]:
    return [row.name for row in network.layers_table()]


def test_a_name_stands_in_parameters_and_changes_no_other_name() -> None:
    network = build({**CONV, "name": "stem"}, CONV, {"type": "relu", "name": "out"})
    assert list(network.parameters)[::2] == ["stem/kernel", "conv2d_2/kernel"]
    assert names(network) == ["stem", "conv2d_2", "out"]


def test_inputs_make_the_same_network_as_containers() -> None:
    wired = build(
        {**CONV, "name": "a"},
        {**CONV, "inputs": ["input"], "name": "b"},
        {**CONV, "inputs": ["a"], "activation": "relu", "name": "c"},
        {"type": "add", "inputs": ["a", "c"], "activation": "tanh", "name": "sum"},
        {"type": "concatenate", "inputs": ["sum", "b"]},
    )
    around: dict[str, Any] = {"type": "residual", "layers": [{**CONV, "activation": "relu"}]}
    nested = build(
        {"type": "parallel", "branches": [[CONV, {**around, "activation": "tanh"}], [CONV]]}
    )
    places = {"a": "conv2d_1", "c": "residual_1/conv2d_1", "b": "conv2d_2"}
    for own, inner in places.items():
        for kind in ("kernel", "bias"):
            values = wired.parameters[f"{own}/{kind}"]
            nested.parameters[f"parallel_1/{inner}/{kind}"][...] = values
    x = np.random.default_rng(0).normal(size=(9, 6, 5, 4)).astype(np.float32)
    np.testing.assert_array_equal(wired.forward(x), nested.forward(x))


def test_names_inside_containers_are_scoped_and_found_from_outside() -> None:
    block = {"type": "residual", "name": "block", "layers": [{**CONV, "name": "conv"}]}
    network = build(
        {**CONV, "name": "conv"}, block, {**ADD, "inputs": ["conv", "block/conv", "block"]}
    )
    assert names(network) == ["conv", "block/conv", "block/add_1", "add_1"]


def test_a_layer_in_a_container_takes_what_stands_inside_first_and_outside_else() -> None:
    inner = [{**CONV, "name": "a"}, {**CONV, "name": "b"}, {**ADD, "inputs": ["a", "b", "stem"]}]
    network = build(
        {**CONV, "name": "stem"}, {**CONV, "name": "a"}, {"type": "residual", "layers": inner}
    )
    joined = network.graph.nodes[-2]
    given = [value.node.name for value in joined.inputs if value.node is not None]
    assert given == ["residual_1/a", "residual_1/b", "stem"]


def test_names_in_a_repetition_are_counted_and_mean_the_last_one() -> None:
    block = {"type": "residual", "name": "block", "layers": [{**CONV, "name": "conv"}]}
    take = {**ADD, "inputs": ["block", "input"]}
    network = build(
        {"type": "repeat", "name": "stage", "times": 2, "layers": [block, take]},
        {**ADD, "inputs": ["stage/block_1", "stage"]},
    )
    kernels = [name for name in network.parameters if name.endswith("kernel")]
    assert kernels == ["stage/block_1/conv/kernel", "stage/block_2/conv/kernel"]
    first, second = (node.inputs[0].node for node in network.graph.nodes if node.name[6:9] == "add")
    assert first is not None
    assert second is not None
    assert (first.name, second.name) == ("stage/block_1/add_1", "stage/block_2/add_1")


@pytest.mark.parametrize(
    ("layers", "path", "message", "hint"),
    [
        ([{**CONV, "name": "stem"}, CONV, {**ADD, "inputs": ["stm", "conv2d_2"]}],
         "model.layers[2].inputs", "no earlier layer is called `stm`", "did you mean `stem`?"),
        ([{**CONV, "inputs": ["zzz"]}], "model.layers[0].inputs", "no earlier", "one of input"),
        ([{**CONV, "inputs": ["end"]}, {**CONV, "name": "end"}],
         "model.layers[0].inputs", "`end` is not there yet", "stand before it"),
        ([{**CONV, "name": "own", "inputs": ["own"]}],
         "model.layers[0].inputs", "`own` is not there yet", "stand before it"),
        ([{"type": "residual", "name": "block", "layers": [{**CONV, "inputs": ["block"]}]}],
         "model.layers[0].layers[0].inputs", "`block` is not there yet", None),
        ([CONV, ADD], "model.layers[1]", "add joins outputs", "inputs: [a, b]"),
        ([CONV, {**CONV, "inputs": ["input", "conv2d_1"]}],
         "model.layers[1].inputs", "takes one input, but 2 are named", "join them"),
        ([{**CONV, "name": "a"}, {**CONV, "name": "a"}],
         "model.layers[1].name", "`a` is the name of an earlier layer", "own"),
        ([{**CONV, "name": "input"}], "model.layers[0].name", "cannot be the name", None),
        ([{**CONV, "name": "dense_1"}], "model.layers[0].name", "a dense without a name", None),
        ([{**CONV, "name": "conv2d_2"}, CONV],
         "model.layers[0].name", "a conv2d without a name", None),
        ([{**CONV, "name": "a/b"}], "model.layers[0].name", "letters, digits, . _ -", None),
        ([CONV, {**CONV, "inputs": ["input"]}],
         "model.layers[0]", "nothing reads the output of `conv2d_1`", "or remove it"),
        ([{"type": "residual", "layers": [CONV]}, {**CONV, "inputs": ["residual_1/conv2d_1"]}],
         "model.layers[0]", "nothing reads the output of `residual_1`", "or remove it"),
        ([CONV, "max_pooling2d", {**ADD, "inputs": ["conv2d_1", "max_pooling2d_1"]}],
         "model.layers[2]", "receives (6, 5, 4) and (3, 2, 4)", None),
        ([{"type": "relu", "nmae": "x"}], "model.layers[0].nmae", "unknown", "mean `name`?"),
        ([{**CONV, "inputs": []}], "model.layers[0].inputs", "a list of at least 1", None),
        ([{**CONV, "inputs": "a"}], "model.layers[0].inputs", "expected a list", "write `[a]`"),
        ([{**CONV, "trainable": "no"}], "model.layers[0].trainable", "true or false", None),
    ],
)  # fmt: skip
def test_one_mistake_is_one_problem_at_its_place(
    layers: list[Any], path: str, message: str, hint: str | None
) -> None:
    found = problem(*layers)
    assert found.path == path
    assert message in found.message
    assert hint is None or hint in (found.hint or "")


def test_a_history_follows_the_inputs_that_are_named() -> None:
    large = {**CONV, "inputs": ["a"], "kernel_size": 9, "padding": "valid"}
    found = problem({**CONV, "name": "a"}, {**CONV, "filters": 7}, large)
    assert found.history == "input (6, 5, 4) > conv2d (6, 5, 4) > conv2d"


def test_a_long_history_is_shortened() -> None:
    found = problem(*[CONV] * 20, {**CONV, "kernel_size": 9, "padding": "valid"})
    assert found.history is not None
    assert found.history.startswith("input (6, 5, 4) > ... > conv2d")
    assert found.history.count(">") == 6
