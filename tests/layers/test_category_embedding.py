"""Vectors for categories: places, widths, gradients small and large, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import ShapeError
from dltrain.core.inputs import InputFacts
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from tests.reference.architectures import Architecture
from tests.reference.judge import worst_gradient
from tests.reference.networks import build_network
from tests.reference.twin import Twin

KINDS: dict[str, dict[str, Any]] = {
    "small": {"categories": [0, 4, 0, 7]},
    "one width": {"categories": [3, 3, 0], "output_dim": 5},
    "no measurements": {"categories": [3, 9]},
    "large": {"categories": [2100, 0, 3], "output_dim": 33},
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def architecture(kind: str, **fields: Any) -> Architecture:
    layers: list[dict[str, Any]] = [
        {"type": "prelu"},  # learns of measurements below 0, and lets categories pass
        {"type": "category_embedding", **KINDS[kind], **fields},
        {"type": "dense", "units": 4, "activation": "tanh"},
        {"type": "dense", "units": 3},
    ]
    return {
        "input_shape": (len(KINDS[kind]["categories"]),), "classes": 3, "layers": layers,
        "loss": "mean_squared_error", "output_shape": (3,),
    }  # fmt: skip


def batch(kind: str, samples: int) -> tuple[Any, Any]:
    generator = np.random.default_rng(1)
    columns = [
        generator.integers(0, count, samples) if count else generator.normal(size=samples)
        for count in KINDS[kind]["categories"]
    ]
    x = np.stack(columns, 1).astype(np.float32)
    return x, generator.normal(size=(samples, 3)).astype(np.float32)


@every_kind
def test_output_and_gradients_are_those_of_the_twin(kind: str) -> None:
    drawn = architecture(kind)
    network = build_network(drawn, seed=1)
    x, y = batch(kind, 19)
    twin = Twin(drawn["layers"], drawn["loss"], network.parameters)
    np.testing.assert_allclose(network.forward(x), twin.forward(x), rtol=1e-5, atol=1e-6)
    loss, gradients = network.loss_and_gradients(x, y)
    wanted_loss, wanted = twin.loss_and_gradients(x, y)
    assert loss == pytest.approx(wanted_loss, rel=1e-5)
    error, key = worst_gradient(gradients, wanted)
    assert error < 1e-5, key


def test_gradients_of_the_twin_are_differences_of_its_loss() -> None:
    drawn = architecture("small")
    network = build_network(drawn, seed=1)
    x, y = batch("small", 6)
    twin = Twin(drawn["layers"], drawn["loss"], network.parameters)
    _, found = twin.loss_and_gradients(x, y)
    for name, values in twin.values.items():
        for place in np.ndindex(values.shape):
            middle, losses = values[place], []
            for step in (1e-6, -1e-6):
                values[place] = middle + step
                losses.append(twin.loss_and_gradients(x, y)[0])
            values[place] = middle
            assert (losses[0] - losses[1]) / 2e-6 == pytest.approx(found[name][place], abs=1e-8)


@every_kind
def test_any_number_of_threads_gives_the_same_bits(kind: str) -> None:
    x, y = batch(kind, 41)
    one, two = (
        build_network(architecture(kind), seed=1, threads=threads).loss_and_gradients(x, y)[1]
        for threads in (1, 2)
    )
    for key, value in one.items():
        np.testing.assert_array_equal(two[key], value)


@every_kind
def test_frozen_tables_have_no_gradient(kind: str) -> None:
    x, y = batch(kind, 5)
    network = build_network(architecture(kind, trainable=False), seed=1)
    _, gradients = network.loss_and_gradients(x, y)
    assert not any(name.startswith("category") for name in gradients)
    assert "prelu_1/alpha" in gradients


def embedding(shape: tuple[int, ...], counts: tuple[int, ...] = (), **fields: Any) -> Network:
    layer: Layer = Layer.parse({"type": "category_embedding", **fields})
    return Network.build((layer,), input_shape=shape, facts=InputFacts(categories=counts))


def test_categories_and_widths_come_from_the_data_set() -> None:
    network = embedding((4,), (0, 5, 300, 0))
    shapes = {name: values.shape for name, values in network.parameters.items()}
    assert shapes == {
        "category_embedding_1/embeddings_1": (5, 3),
        "category_embedding_1/embeddings_2": (300, 50),
    }
    assert network.output_shape == (2 + 3 + 50,)


@pytest.mark.parametrize("shape", [(3,), (4, 4, 1)])
def test_without_categories_the_output_is_the_input(shape: tuple[int, ...]) -> None:
    for counts in ((), (0,) * shape[0]):
        network = embedding(shape, counts)
        x = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
        assert network.parameters == {}
        np.testing.assert_array_equal(network.forward(x), x)


@pytest.mark.parametrize("number", [-1, 4, np.nan])
def test_a_category_without_a_row_is_not_a_number(number: float) -> None:
    y = embedding((2,), categories=[0, 4]).forward(np.array([[1, number]], np.float32))
    assert y[0, 0] == 1
    assert np.isnan(y[0, 1:]).all()


def test_other_columns_than_those_of_the_table_are_refused() -> None:
    with pytest.raises(ShapeError, match="knows 2 columns, but receives 3"):
        embedding((3,), (0, 4))
    with pytest.raises(ShapeError, match="takes vectors, but receives sequences"):
        embedding((3, 2), (0, 4))
