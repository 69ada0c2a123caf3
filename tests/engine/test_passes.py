from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.lowering import Target
from dltrain.engine.graph import Graph, Value
from dltrain.engine.lower import Objective
from dltrain.engine.network import Network
from dltrain.engine.passes import joined, reachable
from dltrain.layers.add import Add
from dltrain.layers.base import Layer
from dltrain.layers.concatenate import Concatenate
from dltrain.losses.base import Loss
from tests.reference.judge import worst_gradient
from tests.reference.twin import Twin

CONV = {"type": "conv2d", "filters": 3, "kernel_size": 3, "padding": "same", "activation": "relu"}
POOL = {"type": "max_pooling2d", "pool_size": 2}
SHAPE = (6, 6, 3)


def layer(config: Any) -> Layer:
    parsed: Layer = Layer.parse(config)
    return parsed


def names(graph: Graph) -> list[str]:
    return [node.layer.type_name for node, _ in joined(reachable(graph))]


def chain(*configs: Any) -> tuple[Graph, list[Value]]:
    graph = Graph()
    values = [graph.input(SHAPE)]
    for config in configs:
        values.append(graph.node(layer(config), values[-1]))
    return graph, values


def test_what_the_output_does_not_depend_on_is_left_out() -> None:
    graph, values = chain(CONV, POOL, CONV)
    graph.output = values[2]
    assert [node.name for node, _ in reachable(graph)] == ["conv2d_1", "max_pooling2d_1"]


def test_a_convolution_and_the_pooling_behind_it_are_joined() -> None:
    graph, _ = chain(CONV, POOL, CONV)
    assert names(graph) == ["pooled_conv2d", "conv2d"]


@pytest.mark.parametrize(
    "between",
    [
        {**POOL, "strides": 1},
        {**POOL, "padding": "same"},
        {**POOL, "ceil_mode": True},
        {"type": "average_pooling2d"},
        {"type": "activation", "activation": "tanh"},
    ],
)
def test_what_the_joined_kernel_cannot_do_stays_apart(between: Any) -> None:
    graph, _ = chain(CONV, between)
    assert names(graph) == ["conv2d", between["type"]]


def test_a_convolution_that_something_else_reads_stays_apart() -> None:
    graph, (_, convolved, pooled) = chain(CONV, POOL)
    narrowed = graph.node(layer({**CONV, "strides": 2}), convolved)
    graph.output = graph.node(Concatenate(), pooled, narrowed)
    assert names(graph)[:2] == ["conv2d", "max_pooling2d"]


def test_a_convolution_that_is_an_output_stays_whole() -> None:
    graph, (_, convolved, _) = chain(CONV, POOL)
    graph.output = convolved
    assert names(graph) == ["conv2d"]


def network(graph: Graph, target: Target | None = None) -> Network:
    made = Network(
        graph, seed=4, objective=Objective(Loss.parse("mean_squared_error"), (), "dense"),
        target=target,
    )  # fmt: skip
    for name, values in made.parameters.items():
        if name.endswith("bias"):
            values[...] = np.random.default_rng(5).normal(0, 0.3, values.shape)
    return made


def batch(made: Network) -> tuple[Any, Any]:
    generator = np.random.default_rng(6)
    x = generator.normal(size=(19, *SHAPE)).astype(np.float32)
    return x, generator.normal(size=(19, *made.output_shape)).astype(np.float32)


@pytest.mark.parametrize("width", [4, 8, 16])
@pytest.mark.parametrize("second", [POOL, {"type": "activation", "activation": "tanh"}])
def test_a_kernel_used_twice_gets_the_sum_of_both_gradients(second: Any, width: int) -> None:
    """Pooled or not, and whether its gradient is scattered or not, as the width has it."""
    graph = Graph()
    first = graph.node(layer(CONV), graph.input(SHAPE))
    value = graph.node(layer(POOL), first)
    value = graph.node(layer(CONV), value, share=first)
    graph.output = graph.node(layer(second), value)
    shared = network(graph, Target(width, 32))
    x, y = batch(shared)
    loss, gradients = shared.loss_and_gradients(x, y)

    copies = {
        f"conv2d_{number}/{key}": shared.parameters[f"conv2d_1/{key}"]
        for number in (1, 2)
        for key in ("kernel", "bias")
    }
    twin = Twin([CONV, POOL, CONV, second], "mean_squared_error", copies)
    wanted_loss, apart = twin.loss_and_gradients(x, y)
    wanted = {name: apart[name] + apart[name.replace("conv2d_1", "conv2d_2")] for name in gradients}
    assert loss == pytest.approx(wanted_loss, rel=1e-6)
    assert worst_gradient(gradients, wanted)[0] < 1e-5


def test_a_join_that_is_left_out_and_one_that_is_made_give_the_same() -> None:
    """A pooled convolution read twice, beside the same in a line."""
    graph, (_, convolved, pooled) = chain(CONV, POOL)
    again = graph.node(layer(POOL), convolved)
    graph.output = graph.node(Add(), pooled, again)
    apart = network(graph)
    together = network(chain(CONV, POOL, {"type": "rescaling", "scale": 2.0})[0])
    x, y = batch(apart)
    np.testing.assert_allclose(apart.forward(x), together.forward(x), rtol=1e-6, atol=1e-6)
    _, found = apart.loss_and_gradients(x, y)
    _, wanted = together.loss_and_gradients(x, y)
    assert worst_gradient(found, wanted)[0] < 1e-5
