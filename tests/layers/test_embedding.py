"""The embedding: rows of its table, and their gradients, small and large."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import ShapeError
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from tests.reference.architectures import Architecture
from tests.reference.judge import worst_gradient
from tests.reference.networks import build_network
from tests.reference.twin import Twin

STEPS = 6
SIZES = {"small": (11, 5), "large": (2100, 33)}


def architecture(rows: int, features: int) -> Architecture:
    layers: list[dict[str, Any]] = [
        {"type": "embedding", "input_dim": rows, "output_dim": features},
        {"type": "position_embedding"},
        {"type": "lstm", "units": 4},
        {"type": "dense", "units": 3},
    ]
    return {
        "input_shape": (STEPS,), "classes": 3, "layers": layers, "loss": "mean_squared_error",
        "output_shape": (3,),
    }  # fmt: skip


def batch(rows: int, samples: int) -> tuple[Any, Any]:
    generator = np.random.default_rng(1)
    x = generator.integers(0, rows, (samples, STEPS)).astype(np.float32)
    x[0] = x[0, 0]  # one token many times
    return x, generator.normal(size=(samples, 3)).astype(np.float32)


@pytest.mark.parametrize("name", SIZES)
def test_output_and_gradients_are_those_of_the_twin(name: str) -> None:
    drawn = architecture(*SIZES[name])
    network = build_network(drawn, seed=1)
    x, y = batch(SIZES[name][0], 19)
    twin = Twin(drawn["layers"], drawn["loss"], network.parameters)
    np.testing.assert_allclose(network.forward(x), twin.forward(x), rtol=1e-5, atol=1e-6)
    _, gradients = network.loss_and_gradients(x, y)
    error, key = worst_gradient(gradients, twin.loss_and_gradients(x, y)[1])
    assert error < 1e-5, key


@pytest.mark.parametrize("name", SIZES)
def test_any_number_of_threads_gives_the_same_bits(name: str) -> None:
    x, y = batch(SIZES[name][0], 41)
    drawn = architecture(*SIZES[name])
    one, two = (
        build_network(drawn, seed=1, threads=threads).loss_and_gradients(x, y)[1]
        for threads in (1, 2)
    )
    for key, value in one.items():
        np.testing.assert_array_equal(two[key], value)


@pytest.mark.parametrize("name", SIZES)
def test_a_frozen_table_has_no_gradient(name: str) -> None:
    drawn = architecture(*SIZES[name])
    drawn["layers"][0]["trainable"] = False
    x, y = batch(SIZES[name][0], 5)
    _, gradients = build_network(drawn, seed=1).loss_and_gradients(x, y)
    assert "embedding_1/embeddings" not in gradients
    assert "lstm_1/kernel" in gradients


@pytest.mark.parametrize("token", [-1, 7, np.nan])
def test_a_token_without_a_row_is_not_a_number(token: float) -> None:
    layers = (Layer.parse({"type": "embedding", "input_dim": 7, "output_dim": 3}),)
    network = Network.build(layers, input_shape=(2,))
    y = network.forward(np.array([[6, token]], np.float32))
    assert np.isfinite(y[0, 0]).all()
    assert np.isnan(y[0, 1]).all()


def test_a_sequence_of_vectors_is_refused() -> None:
    layers = (Layer.parse({"type": "embedding", "input_dim": 7, "output_dim": 3}),)
    with pytest.raises(ShapeError, match="takes vectors, but receives sequences"):
        Network.build(layers, input_shape=(2, 3))
