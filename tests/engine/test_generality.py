"""What the engine computes beyond configs: shared parameters, many inputs, batches of any size.

Each network stands beside its float64 twin, whose gradients are finite differences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.core.lowering import Target
from dltrain.engine.graph import Graph
from dltrain.engine.lower import Objective
from dltrain.engine.network import Network
from dltrain.layers.add import Add
from dltrain.layers.base import Layer
from dltrain.layers.concatenate import Concatenate
from dltrain.losses.base import Loss
from tests.reference.judge import worst_gradient

Array = NDArray[Any]
Parameters = Mapping[str, Array]
OBJECTIVE = Objective(Loss.parse("mean_squared_error"), (), "dense")
SAMPLES = 37


@dataclass(frozen=True)
class Case:
    """A graph, and what it computes from its parameters and inputs."""

    graph: Callable[[], Graph]
    twin: Callable[..., Array]


def layer(name: str, **fields: Any) -> Layer:
    return Layer.parse({"type": name, **fields})  # type: ignore[no-any-return]


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


def dense(p: Parameters, name: str, x: Array) -> Array:
    return x @ p[f"{name}/kernel"] + p[f"{name}/bias"]


def same_conv(p: Parameters, name: str, x: Array) -> Array:
    """Convolve with a 3x3 kernel among a border of zeros."""
    high, wide = x.shape[1:3]
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    parts = [
        padded[:, i : i + high, j : j + wide] @ p[f"{name}/kernel"][i, j]
        for i in range(3)
        for j in range(3)
    ]
    return sum(parts) + p[f"{name}/bias"]  # type: ignore[no-any-return]


def flat(x: Array) -> Array:
    return x.reshape(len(x), -1)


def sequence() -> Graph:
    graph = Graph()
    value = graph.input((4, 3))
    for step in (layer("dense", units=5, activation="relu"), layer("flatten")):
        value = graph.node(step, value)
    graph.node(layer("dense", units=2), value)
    return graph


def sequence_twin(p: Parameters, x: Array) -> Array:
    return dense(p, "dense_2", flat(relu(dense(p, "dense_1", x))))


def sequence_to_the_end() -> Graph:
    graph = Graph()
    graph.node(layer("dense", units=2, activation="tanh"), graph.input((4, 3)))
    return graph


def sequence_to_the_end_twin(p: Parameters, x: Array) -> Array:
    return np.tanh(dense(p, "dense_1", x))


def shared_dense(activation: str) -> Callable[[], Graph]:
    def build() -> Graph:
        graph, twice = Graph(), layer("dense", units=3, activation=activation)
        first = graph.node(twice, graph.input((3,)))
        second = graph.node(twice, first, share=first)
        third = graph.node(twice, second, share=second)
        graph.node(layer("dense", units=2), third)
        return graph

    return build


def shared_dense_twin(function: Callable[[Array], Array]) -> Callable[..., Array]:
    def compute(p: Parameters, x: Array) -> Array:
        for _ in range(3):
            x = function(dense(p, "dense_1", x))
        return dense(p, "dense_4", x)

    return compute


def shared_conv() -> Graph:
    graph = Graph()
    twice = layer("conv2d", filters=3, kernel_size=3, padding="same", activation="relu")
    first = graph.node(twice, graph.input((4, 3, 3)))
    second = graph.node(twice, first, share=first)
    graph.node(layer("dense", units=2), graph.node(layer("flatten"), second))
    return graph


def shared_conv_twin(p: Parameters, x: Array) -> Array:
    for _ in range(2):
        x = relu(same_conv(p, "conv2d_1", x))
    return dense(p, "dense_1", flat(x))


def two_inputs() -> Graph:
    graph = Graph()
    a, b = graph.input((3,)), graph.input((4,))
    left = graph.node(layer("dense", units=5, activation="relu"), a)
    right = graph.node(layer("dense", units=5, activation="sigmoid"), b)
    total = graph.node(Add(), left, right, left)
    wide = graph.node(Concatenate(), total, b, right, total)
    graph.node(layer("dense", units=2), wide)
    return graph


def two_inputs_twin(p: Parameters, a: Array, b: Array) -> Array:
    left = relu(dense(p, "dense_1", a))
    right = 1 / (1 + np.exp(-dense(p, "dense_2", b)))
    total = left + right + left
    return dense(p, "dense_3", np.concatenate([total, b, right, total], -1))


def two_images() -> Graph:
    graph = Graph()
    a, b = graph.input((4, 4, 2)), graph.input((2, 2, 3))
    convolve = layer("conv2d", filters=2, kernel_size=3, padding="same")
    small = graph.node(layer("max_pooling2d"), graph.node(convolve, a))
    both = graph.node(Concatenate(), small, b)
    more = graph.node(layer("conv2d", filters=5, kernel_size=3, padding="same"), both)
    graph.node(layer("dense", units=2), graph.node(layer("flatten"), graph.node(Add(), more, both)))
    return graph


def two_images_twin(p: Parameters, a: Array, b: Array) -> Array:
    wide = same_conv(p, "conv2d_1", a)
    small = wide.reshape(len(a), 2, 2, 2, 2, 2).max((2, 4))
    both = np.concatenate([small, b], -1)
    return dense(p, "dense_1", flat(same_conv(p, "conv2d_2", both) + both))


CASES = {
    "dense over time": Case(sequence, sequence_twin),
    "dense over time is the output": Case(sequence_to_the_end, sequence_to_the_end_twin),
    "dense with relu used thrice": Case(shared_dense("relu"), shared_dense_twin(relu)),
    "dense with tanh used thrice": Case(shared_dense("tanh"), shared_dense_twin(np.tanh)),
    "conv2d used twice": Case(shared_conv, shared_conv_twin),
    "two inputs": Case(two_inputs, two_inputs_twin),
    "two inputs of images": Case(two_images, two_images_twin),
}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def build(case: Case, threads: int = 1, target: Target | None = None) -> Network:
    network = Network(case.graph(), objective=OBJECTIVE, threads=threads, seed=3, target=target)
    generator = np.random.default_rng(0)
    for name, values in network.parameters.items():
        if name.endswith("/bias"):
            values[...] = generator.normal(0, 0.3, values.shape)
    return network


def draw(network: Network, samples: int) -> tuple[list[Array], Array]:
    generator = np.random.default_rng(1)
    shapes = [*(value.shape for value in network.graph.inputs), network.output_shape]
    arrays = [generator.normal(size=(samples, *shape)).astype(np.float32) for shape in shapes]
    return arrays[:-1], arrays[-1]


def twin_gradients(
    case: Case, network: Network, inputs: list[Array], y: Array
) -> tuple[float, dict[str, Array]]:
    """Give the loss of the twin, and its gradient by moving every parameter up and down."""
    parameters = {name: values.astype(float) for name, values in network.parameters.items()}
    wide = [x.astype(float) for x in inputs]

    def loss() -> float:
        return float(np.square(case.twin(parameters, *wide) - y).mean())

    gradients, h = {}, 1e-6
    for name, values in parameters.items():
        gradients[name] = np.zeros_like(values)
        for place in np.ndindex(values.shape):
            before = values[place]
            values[place] = before + h
            above = loss()
            values[place] = before - h
            gradients[name][place] = (above - loss()) / (2 * h)
            values[place] = before
    return loss(), gradients


@each_case
def test_the_output_is_the_twins(case: Case) -> None:
    network = build(case)
    inputs, _ = draw(network, SAMPLES)
    parameters = {name: values.astype(float) for name, values in network.parameters.items()}
    expected = case.twin(parameters, *(x.astype(float) for x in inputs))
    np.testing.assert_allclose(network.forward(*inputs), expected, atol=1e-5)


@pytest.mark.parametrize("width", [4, 8, 16])
@each_case
def test_loss_and_gradients_are_the_twins(case: Case, width: int) -> None:
    network = build(case, target=Target(width, 16 if width == 8 else 32))
    inputs, y = draw(network, SAMPLES)
    loss, gradients = network.loss_and_gradients(inputs, y)
    expected, wanted = twin_gradients(case, network, inputs, y)
    assert loss == pytest.approx(expected, rel=1e-5)
    error, name = worst_gradient(gradients, wanted)
    assert error < 1e-4, name


@each_case
def test_the_bits_are_the_same_for_one_to_three_threads(case: Case) -> None:
    alone = build(case)
    inputs, y = draw(alone, SAMPLES)
    loss, gradients = alone.loss_and_gradients(inputs, y)
    for threads in (2, 3):
        network = build(case, threads)
        np.testing.assert_array_equal(network.forward(*inputs), alone.forward(*inputs))
        other, found = network.loss_and_gradients(inputs, y)
        assert other == loss
        for name, values in gradients.items():
            np.testing.assert_array_equal(found[name], values, err_msg=name)


@each_case
def test_batches_of_any_size_run_through_one_program(case: Case) -> None:
    network = build(case)
    program = network.program(batch_size=64, objective=OBJECTIVE, training=True, gradients=True)
    for samples in (64, 1, 7, 64):
        inputs, y = draw(network, samples)
        program.run(inputs, y)
        expected, wanted = twin_gradients(case, network, inputs, y)
        assert program.totals()[0] == pytest.approx(expected, rel=1e-5)
        assert program.gradient is not None
        error, name = worst_gradient(network.store.named(program.gradient), wanted)
        assert error < 1e-4, (samples, name)


@each_case
def test_shared_parameters_are_held_once(case: Case) -> None:
    network = build(case)
    _, gradients = network.loss_and_gradients(*draw(network, 2))
    names = {p.name for node in network.graph.nodes for p in node.parameters.values()}
    assert names == set(network.parameters) == set(gradients)
    counted = sum(facts.parameters for facts in network.layers_table())
    assert counted == sum(values.size for values in network.parameters.values())


@pytest.mark.parametrize("steps", [["flatten"], [{"type": "dropout", "rate": 0.5}, "flatten"]])
def test_an_input_that_passes_as_it_is_is_an_output(steps: list[Any]) -> None:
    layers = tuple(Layer.parse(step) for step in steps)
    network = Network.build(layers, input_shape=(3, 2), threads=2)
    x = np.random.default_rng(0).normal(size=(70, 3, 2)).astype(np.float32)
    np.testing.assert_array_equal(network.forward(x), x.reshape(70, 6))
