"""Loss and gradients of whole networks against their float64 twins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.core.lowering import Target
from dltrain.engine.lower import Lowerer
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from tests.reference.architectures import (
    ACTIVATIONS,
    Architecture,
    architecture,
    architectures,
    layer_names,
)
from tests.reference.judge import worst_gradient
from tests.reference.networks import build_network, random_batch
from tests.reference.sequence_twins import ELSEWHERE
from tests.reference.twin import Twin

SEEDS = range(32)
WIDTHS = (Target(4, 16), Target(8, 16), Target(16, 32))


def conv(filters: int, size: Any = 3, **fields: Any) -> dict[str, Any]:
    return {"type": "conv2d", "filters": filters, "kernel_size": size, **fields}


def network_of(shape: tuple[int, ...], *layers: dict[str, Any]) -> Architecture:
    last = {"type": "dense", "units": 5, "activation": "softmax"}
    return {
        "input_shape": shape,
        "classes": 5,
        "layers": [*layers, {"type": "flatten"}, last],
        "loss": "categorical_crossentropy",
        "output_shape": (5,),
    }


POOL = {"type": "max_pooling2d"}
SPECIAL = {
    "pooled convolutions": network_of(
        (13, 12, 3), conv(9, activation="relu"), POOL, conv(5, 3, padding="same"), POOL
    ),
    "relu'd convolutions": network_of(
        (9, 8, 6),
        conv(5, 3, padding="same", activation="relu"),
        conv(7, 3, strides=2, activation="relu"),
        conv(4, 1, activation="relu"),
    ),
    "depthwise convolutions": network_of(
        (8, 9, 3), conv(18), conv(18, 3, groups=18, padding="same"), conv(36, 2, groups=18)
    ),
    "a large dense layer": network_of(
        (299,), {"type": "dense", "units": 441, "activation": "relu"}, {"type": "dense", "units": 7}
    ),
    "large dense layers of steps": network_of(
        (9, 441),
        {"type": "dense", "units": 299, "activation": "relu"},
        {"type": "dense", "units": 7},
    ),
    "sums that read a value more than once": network_of(
        (9,),
        {"type": "dense", "units": 8, "name": "a"},
        {"type": "dense", "units": 8, "name": "b", "inputs": ["input"]},
        {"type": "add", "name": "c", "inputs": ["a", "a", "b"]},
        {"type": "reshape", "target_shape": [8], "name": "d"},
        {"type": "add", "name": "e", "inputs": ["c", "d", "b", "b"]},
        {"type": "add", "inputs": ["e", "e", "e"]},
    ),
    "many rows": network_of(
        (40, 21),
        {"type": "dense", "units": 67, "activation": "relu"},
        {"type": "dense", "units": 35},
    ),
    "normalizations of the input": network_of(
        (6, 5, 9),
        {
            "type": "parallel",
            "branches": [
                [{"type": "layer_normalization"}],
                [{"type": "rms_normalization"}],
                [{"type": "group_normalization", "groups": 3}],
                [{"type": "prelu"}],
                [{"type": "layer_scale"}],
            ],
        },
    ),
    "normalizations between": network_of(
        (9, 8, 6),
        conv(21),
        {
            "type": "layer_normalization",
            "epsilon": 1e-6,
            "gamma_regularizer": {"type": "l2", "l2": 0.01},
        },
        conv(12, activation="relu"),
        {"type": "group_normalization", "groups": 4},
        {"type": "residual", "layers": [conv(12, 1), {"type": "layer_scale"}]},
        {"type": "prelu", "shared_axes": [1, 2]},
    ),
}
"""Where the engine takes a way of its own, whatever the random networks come to."""


def check(drawn: Architecture, network: Network, x: Any, y: Any, *, limit: float = 1e-5) -> None:
    loss, gradients = network.loss_and_gradients(x, y, training=False)
    twin = Twin(drawn["layers"], drawn["loss"], {**network.parameters, **network.state})
    wanted_loss, wanted = twin.loss_and_gradients(x, y)
    assert loss == pytest.approx(wanted_loss, rel=limit)
    error, name = worst_gradient(gradients, {name: wanted[name] for name in gradients})
    assert error < limit, f"{name} in {drawn['layers']}"
    assert set(wanted) == {*gradients, *network.state}


def test_random_networks_cover_every_layer_and_activation() -> None:
    drawn = architectures(len(SEEDS))
    assert (
        set().union(*(layer_names(one["layers"]) for one in drawn))
        == set(Layer.registry()) - ELSEWHERE
    )
    assert {str(name) for name in ACTIVATIONS} <= set(Layer.other_names())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_network_has_the_loss_and_gradients_of_its_twin(seed: int) -> None:
    drawn = architecture(seed)
    network = build_network(drawn, seed=seed)
    assert network.output_shape == drawn["output_shape"]
    check(drawn, network, *random_batch(drawn, seed=seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_network_gives_the_output_of_its_twin(seed: int) -> None:
    drawn = architecture(seed)
    network = build_network(drawn, seed=seed)
    x, _ = random_batch(drawn, seed=seed)
    twin = Twin(drawn["layers"], drawn["loss"], {**network.parameters, **network.state})
    np.testing.assert_allclose(network.forward(x), twin.forward(x), rtol=1e-4, atol=1e-5)


def test_the_networks_with_ways_of_their_own_take_them() -> None:
    taken = set()
    for drawn in SPECIAL.values():
        network = build_network(drawn)
        lowerer = Lowerer(network.graph, WIDTHS[2], objective=network.objective, gradients=True)
        lowered = lowerer.lower()
        taken |= {row.kernel for row in lowered.rows}
    ways = {"unpool", "scatter_entries", "collect_entries", "crop", "multiply_weights_whole"}
    assert ways <= taken


@pytest.mark.parametrize("target", WIDTHS, ids=lambda target: f"width {target.width}")
@pytest.mark.parametrize("name", SPECIAL)
def test_ways_of_the_engine_agree_with_twins_at_every_width(name: str, target: Target) -> None:
    network = build_network(SPECIAL[name], seed=1)
    network.target = target
    check(SPECIAL[name], network, *random_batch(SPECIAL[name], samples=11))


@pytest.mark.parametrize("target", WIDTHS[:2], ids=lambda target: f"width {target.width}")
@pytest.mark.parametrize("seed", [0, 5, 6, 7])
def test_narrow_vectors_give_the_same_gradients(seed: int, target: Target) -> None:
    drawn = architecture(seed)
    network = build_network(drawn, seed=seed)
    network.target = target
    check(drawn, network, *random_batch(drawn, seed=seed))


@pytest.mark.parametrize("samples", [1, 7, 64])
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_threads_change_no_bit_whatever_the_batch(seed: int, samples: int) -> None:
    drawn = architecture(seed)
    x, y = random_batch(drawn, seed=seed, samples=samples)
    found: list[tuple[float, dict[str, NDArray[np.float32]]]] = []
    for threads in (1, 2, 3):
        network = build_network(drawn, seed=seed, threads=threads)
        found.append(network.loss_and_gradients(x, y))
    check(drawn, network, x, y)
    (first_loss, first), *others = found
    for loss, gradients in others:
        assert loss == first_loss
        for name, gradient in gradients.items():
            np.testing.assert_array_equal(gradient, first[name], err_msg=name)


@pytest.mark.parametrize("name", SPECIAL)
def test_gradients_of_four_small_batches_add_up_to_those_of_one(name: str) -> None:
    network = build_network(SPECIAL[name], seed=1)
    x, y = random_batch(SPECIAL[name], samples=64)
    loss, whole = network.loss_and_gradients(x, y)
    parts = [network.loss_and_gradients(x[i::4].copy(), y[i::4].copy()) for i in range(4)]
    assert np.mean([part for part, _ in parts]) == pytest.approx(loss, rel=1e-6)
    means = {key: np.stack([part[key] for _, part in parts]).mean(0, np.float64) for key in whole}
    error, key = worst_gradient(whole, means)
    assert error < 1e-6, key
