"""Weights of attention that are left out: how many, the same ones backward, none in predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.core.lowering import Target
from dltrain.engine.network import Network
from tests.reference.architectures import Architecture
from tests.reference.networks import build_network, random_batch

Array = NDArray[Any]
SAMPLES = 6


def architecture(time: int, features: int = 8, **fields: Any) -> Architecture:
    heads = {"type": "multi_head_attention", "num_heads": 2, "key_dim": 4, "dropout": 0.4}
    layers: list[dict[str, Any]] = [
        {"type": "dense", "units": features, "activation": "tanh"},
        {**heads, **fields},
    ]
    return {
        "input_shape": (time, features), "classes": features, "layers": layers,
        "loss": "mean_squared_error", "output_shape": (time, features),
    }  # fmt: skip


def weights(rate: float, time: int, *, training: bool) -> Array:
    """Read the weights of one head off values that are the identity."""
    drawn = architecture(time, time, num_heads=1, key_dim=3, value_dim=time, dropout=rate)
    network = build_network(drawn, seed=1)
    name = "multi_head_attention_1"
    for part in ("value_kernel", "output_kernel"):
        network.parameters[f"{name}/{part}"][...] = np.eye(time).reshape(
            network.parameters[f"{name}/{part}"].shape
        )
    for part in ("value_bias", "output_bias"):
        network.parameters[f"{name}/{part}"][...] = 0
    network.parameters["dense_1/kernel"][...] = 9 * np.eye(time)
    network.parameters["dense_1/bias"][...] = 0
    x = np.tile(np.eye(time, dtype=np.float32), (SAMPLES, 1, 1))
    return network.forward(x, training=training)


@pytest.mark.parametrize("time", [7, 130])
@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_a_share_is_left_out_and_the_rest_made_up_for_it(rate: float, time: int) -> None:
    whole, kept = (weights(rate, time, training=training) for training in (False, True))
    np.testing.assert_allclose(whole.sum(-1), 1, rtol=1e-5)
    share = (kept == 0).mean()
    assert abs(share - rate) < 5 * np.sqrt(rate * (1 - rate) / kept.size)
    np.testing.assert_allclose(kept[kept != 0], (whole / (1 - rate))[kept != 0], rtol=1e-5)


def test_queries_samples_and_keys_are_independent() -> None:
    kept = weights(0.5, 130, training=True) != 0
    pairs = [(kept[:-1], kept[1:])]
    pairs += [(kept[:, :-k], kept[:, k:]) for k in (1, 2, 64)]
    pairs += [(kept[..., :-k], kept[..., k:]) for k in (1, 2, 4, 16, 64)]
    for a, b in pairs:
        assert abs((a == b).mean() - 0.5) < 2.5 / np.sqrt(a.size)


@pytest.mark.parametrize("fields", [{}, {"causal": True, "num_kv_heads": 1}, {"rotary": True}])
@pytest.mark.parametrize("time", [1, 9, 70])
@pytest.mark.parametrize("width", [4, 16])
def test_gradients_are_slopes_of_the_loss_with_the_same_left_out(
    fields: dict[str, Any], time: int, width: int
) -> None:
    drawn = architecture(time, **fields)
    network = build_network(drawn, seed=1)
    network.target = Target(width, 16)
    x, y = random_batch(drawn, samples=SAMPLES)
    _, gradients = network.loss_and_gradients(x, y, training=True)
    generator = np.random.default_rng(2)
    for name, gradient in gradients.items():
        values = network.parameters[name]
        way = gradient / max(np.linalg.norm(gradient), 1e-9)
        way = (way + generator.normal(0, 0.3, way.shape) / np.sqrt(way.size)).astype(np.float32)
        wanted = slope(network, values, way, x, y)
        assert (gradient * way).sum() == pytest.approx(wanted, rel=0.02, abs=2e-4), name


def slope(network: Network, values: Array, way: Array, x: Array, y: Array) -> float:
    """Move parameters both ways and see how the loss of a training step changes."""
    middle, losses = values.copy(), []
    for step in (0.02, -0.02):
        values[...] = middle + np.float32(step) * way
        losses.append(network.loss_and_gradients(x, y, training=True)[0])
    values[...] = middle
    return (losses[0] - losses[1]) / 0.04


def test_any_number_of_threads_leaves_out_the_same() -> None:
    drawn = architecture(70, causal=True)
    x, y = random_batch(drawn, samples=37)
    one, two = (
        build_network(drawn, seed=1, threads=threads).loss_and_gradients(x, y, training=True)
        for threads in (1, 2)
    )
    assert one[0] == two[0]
    for key, value in one[1].items():
        np.testing.assert_array_equal(two[1][key], value)


def test_not_a_number_is_seen_though_it_is_left_out() -> None:
    drawn = architecture(9)
    x, _ = random_batch(drawn, samples=2)
    x[0, 4, 0] = np.nan
    hit = np.isnan(build_network(drawn).forward(x, training=True)).all((1, 2))
    assert hit.tolist() == [True, False]
