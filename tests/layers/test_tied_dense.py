"""The dense layer with an embedding's table: outputs, and gradients that add up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.config.loader import read_dict
from dltrain.core.lowering import Target
from dltrain.engine.check import check_shapes
from tests.reference.architectures import Architecture
from tests.reference.judge import worst_gradient
from tests.reference.networks import build_network
from tests.reference.twin import Twin

STEPS = 6
SIZES = {"small": (11, 5), "large": (2100, 33)}
TIED = {"type": "tied_dense", "embedding": "tokens"}


def architecture(rows: int, features: int, **fields: Any) -> Architecture:
    layers: list[dict[str, Any]] = [
        {"type": "embedding", "name": "tokens", "input_dim": rows, "output_dim": features},
        {"type": "dense", "units": features, "activation": "tanh"},
        {**TIED, **fields},
    ]
    return {
        "input_shape": (STEPS,), "classes": rows, "layers": layers, "loss": "mean_squared_error",
        "output_shape": (STEPS, rows),
    }  # fmt: skip


def batch(rows: int, samples: int) -> tuple[Any, Any]:
    generator = np.random.default_rng(1)
    x = generator.integers(0, rows, (samples, STEPS)).astype(np.float32)
    return x, generator.normal(size=(samples, STEPS, rows)).astype(np.float32)


@pytest.mark.parametrize("width", [4, 8, 16])
@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("use_bias", [False, True])
def test_output_and_gradients_are_those_of_the_twin(name: str, width: int, use_bias: bool) -> None:
    drawn = architecture(*SIZES[name], use_bias=use_bias)
    network = build_network(drawn, seed=1)
    network.target = Target(width, 16)
    x, y = batch(SIZES[name][0], 19)
    twin = Twin(drawn["layers"], drawn["loss"], network.parameters)
    np.testing.assert_allclose(network.forward(x), twin.forward(x), rtol=1e-5, atol=1e-6)
    _, gradients = network.loss_and_gradients(x, y)
    error, key = worst_gradient(gradients, twin.loss_and_gradients(x, y)[1])
    assert error < 1e-5, key


def test_two_layers_may_share_a_large_table() -> None:
    drawn = architecture(*SIZES["large"])
    drawn["layers"] += [{"type": "dense", "units": 33}, TIED]
    network = build_network(drawn, seed=1)
    x, y = batch(SIZES["large"][0], 5)
    _, gradients = network.loss_and_gradients(x, y)
    wanted = Twin(drawn["layers"], drawn["loss"], network.parameters).loss_and_gradients(x, y)[1]
    error, key = worst_gradient(gradients, wanted)
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


def test_the_table_is_there_once_and_the_bias_is_the_layers_own() -> None:
    network = build_network(architecture(11, 5, use_bias=True))
    shapes = {name: values.shape for name, values in network.parameters.items()}
    assert shapes == {
        "tokens/embeddings": (11, 5), "dense_1/kernel": (5, 5), "dense_1/bias": (5,),
        "tied_dense_1/bias": (11,),
    }  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_a_frozen_table_has_no_gradient(name: str) -> None:
    drawn = architecture(*SIZES[name], use_bias=True)
    drawn["layers"][0]["trainable"] = False
    _, gradients = build_network(drawn).loss_and_gradients(*batch(SIZES[name][0], 5))
    assert set(gradients) == {"dense_1/kernel", "dense_1/bias", "tied_dense_1/bias"}


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([{**TIED, "embedding": "tokns"}], "no earlier layer is called `tokns`"),
        ([{"type": "dense", "name": "d", "units": 4}, {**TIED, "embedding": "d"}],
         "`d` is a dense, which has no table of vectors"),
        ([{"type": "dense", "units": 5}, TIED], "5 features do not fit the table of `tokens`"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_at_its_field(layers: list[dict[str, Any]], message: str) -> None:
    tokens = {"type": "embedding", "name": "tokens", "input_dim": 9, "output_dim": 4}
    mapping: dict[str, Any] = {
        "model": {"layers": [tokens, *layers]},
        "optimizer": "adam",
        "training": {"loss": "mean_squared_error"},
    }
    (problem,) = check_shapes(read_dict(mapping, dataset=False), (6,), None).problems
    assert message in problem.message
    assert problem.path == f"model.layers[{len(layers)}].embedding"


def test_a_vector_of_features_gives_a_vector_of_tokens() -> None:
    drawn = architecture(11, 5)
    drawn["layers"].insert(1, {"type": "global_average_pooling1d"})
    assert build_network(drawn).output_shape == (11,)
