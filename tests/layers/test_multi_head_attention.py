"""Attention: outputs and gradients of whole networks are those of float64 twins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import ShapeError
from dltrain.core.lowering import Target
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from tests.reference.architectures import Architecture
from tests.reference.network_check import check_network
from tests.reference.networks import build_network, random_batch


def attention(heads: int, size: int, **fields: Any) -> dict[str, Any]:
    return {"type": "multi_head_attention", "num_heads": heads, "key_dim": size, **fields}


def architecture(shape: tuple[int, int], *layers: dict[str, Any]) -> Architecture:
    last = [{"type": "global_average_pooling1d"}, {"type": "dense", "units": 3}]
    return {
        "input_shape": shape,
        "classes": 3,
        "layers": [*layers, *last],
        "loss": "mean_squared_error",
        "output_shape": (3,),
    }


def across(*layers: dict[str, Any]) -> Architecture:
    """Give a network whose sequence of 70 steps and one of its steps 5 to 67 meet."""
    short = [
        {"type": "dense", "units": 9, "activation": "tanh"},
        {"type": "cropping1d", "cropping": [5, 2], "name": "short"},
    ]
    return architecture((70, 6), *short, *layers)


NETWORKS = {
    "one step": architecture((1, 5), attention(2, 4)),
    "odd sizes": architecture((7, 5), attention(3, 7), attention(1, 19)),
    "causal": architecture((9, 6), attention(2, 8, causal=True), attention(2, 8, causal=True)),
    "several blocks": architecture((130, 8), attention(2, 16)),
    "several blocks, causal": architecture((150, 8), attention(2, 5, causal=True)),
    "groups": architecture((12, 8), attention(6, 4, num_kv_heads=2, value_dim=9)),
    "rotary": architecture((9, 6), attention(3, 10, rotary=True)),
    "rotary, several blocks": architecture(
        (90, 8), attention(4, 34, num_kv_heads=2, rotary=True, rotary_base=77, causal=True)
    ),
    "cross": across(attention(2, 5, inputs=["input", "short"])),
    "cross, keys and values apart": across(
        {"type": "dense", "name": "keys", "units": 4},
        attention(4, 6, num_kv_heads=2, rotary=True, inputs=["input", "short", "keys"]),
    ),
    "cross, longer": across(
        attention(2, 5, inputs=["short", "input"], name="read"),
        attention(1, 3, inputs=["input", "read"]),
    ),
    "one group, without biases": architecture(
        (70, 8), attention(4, 8, num_kv_heads=1, use_bias=False, causal=True)
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_computes_what_its_twin_does(name: str) -> None:
    check_network(NETWORKS[name], build_network(NETWORKS[name], seed=1), 5)


@pytest.mark.parametrize("target", [Target(4, 16), Target(8, 16)], ids=lambda each: str(each.width))
@pytest.mark.parametrize("name", ["odd sizes", "several blocks, causal", "rotary"])
def test_narrower_vectors_compute_the_same(name: str, target: Target) -> None:
    network = build_network(NETWORKS[name], seed=1)
    network.target = target
    check_network(NETWORKS[name], network, 3)


def test_large_scores_do_not_overflow() -> None:
    layers = (Layer.parse(attention(1, 4)),)
    network = Network.build(layers, input_shape=(70, 4))
    x = np.random.default_rng(0).normal(0, 300, (2, 70, 4)).astype(np.float32)
    assert np.isfinite(network.forward(x)).all()


def test_a_causal_step_does_not_depend_on_later_ones() -> None:
    network = Network.build((Layer.parse(attention(2, 4, causal=True)),), input_shape=(80, 4))
    x = np.random.default_rng(0).normal(size=(1, 80, 4)).astype(np.float32)
    before = network.forward(x)[0, :70]
    x[0, 70:] = 9
    after = network.forward(x)[0, :70]
    np.testing.assert_array_equal(before, after)


def test_any_number_of_threads_gives_the_same_bits() -> None:
    drawn = NETWORKS["groups"]
    x, y = random_batch(drawn, samples=37)
    one, two = (
        build_network(drawn, seed=1, threads=threads).loss_and_gradients(x, y)[1]
        for threads in (1, 2)
    )
    for key, value in one.items():
        np.testing.assert_array_equal(two[key], value)


def test_pairs_of_rotary_positions_need_an_even_key_dim() -> None:
    layers = (Layer.parse(attention(2, 5, rotary=True)),)
    with pytest.raises(ShapeError, match="turn pairs of numbers, but key_dim is 5") as raised:
        Network.build(layers, input_shape=(5, 4))
    assert raised.value.loc == ("model", "layers", 0, "key_dim")


@pytest.mark.parametrize(
    ("names", "causal", "message"),
    [
        (["input", "input", "short"], False, "4 keys do not fit 6 values"),
        (["input", "short"], True, "with `causal`, 6 queries do not fit 4 keys"),
        (["input"] * 4, False, "takes 3 inputs at most, but 4 are named"),
    ],
)
def test_sequences_that_do_not_fit_are_refused(
    names: list[str], causal: bool, message: str
) -> None:
    short = {"type": "cropping1d", "name": "short"}
    heads = attention(1, 2, inputs=names, causal=causal)
    with pytest.raises(ShapeError, match=message) as raised:
        Network.build((Layer.parse(short), Layer.parse(heads)), input_shape=(6, 4))
    assert raised.value.loc == ("model", "layers", 1, "inputs")


def test_heads_that_cannot_share_keys_are_refused() -> None:
    layers = (Layer.parse(attention(4, 4, num_kv_heads=3)),)
    with pytest.raises(ShapeError, match="4 heads cannot share 3") as raised:
        Network.build(layers, input_shape=(5, 4))
    assert raised.value.loc == ("model", "layers", 0, "num_kv_heads")
