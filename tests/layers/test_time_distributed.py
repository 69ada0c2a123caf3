"""One layer for every step: outputs, gradients that add up, and what cannot be applied so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import ShapeError
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from tests.reference.architectures import Architecture
from tests.reference.network_check import check_network
from tests.reference.networks import build_network, random_batch

Config = dict[str, Any]
CONV: Config = {"type": "conv2d", "filters": 4, "kernel_size": 3, "activation": "relu"}
DENSE: Config = {"type": "dense", "units": 5}


def each(layer: Config, **fields: Any) -> Config:
    return {"type": "time_distributed", "layer": layer, **fields}


def architecture(shape: tuple[int, ...], *layers: Config) -> Architecture:
    last = {"type": "dense", "units": 3}
    return {
        "input_shape": shape, "classes": 3, "layers": [*layers, {"type": "flatten"}, last],
        "loss": "mean_squared_error", "output_shape": (3,),
    }  # fmt: skip


NETWORKS = {
    "frames": architecture(
        (4, 6, 5, 2), each(CONV), each({"type": "max_pooling2d"}), each({"type": "flatten"}),
        each({**DENSE, "activation": "tanh"}),
    ),
    "one frame": architecture((1, 6, 5, 2), each(CONV), each(CONV)),
    "vectors": architecture((7, 3), each({**DENSE, "activation": "relu"}), each(DENSE)),
    "sequences": architecture(
        (3, 8, 2), each({"type": "conv1d", "filters": 4, "kernel_size": 3}, activation="tanh"),
        each({"type": "global_average_pooling1d"}), each(DENSE),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_computes_what_its_twin_does(name: str) -> None:
    check_network(NETWORKS[name], build_network(NETWORKS[name], seed=1), 19)


def test_any_number_of_threads_gives_the_same_bits() -> None:
    x, y = random_batch(NETWORKS["frames"], samples=37)
    one, two = (
        build_network(NETWORKS["frames"], seed=1, threads=threads).loss_and_gradients(x, y)[1]
        for threads in (1, 2)
    )
    for key, value in one.items():
        np.testing.assert_array_equal(two[key], value)


def test_all_steps_share_one_set_of_parameters() -> None:
    network = Network.build((Layer.parse(each({**CONV, "name": "eye"})),), input_shape=(5, 6, 6, 1))
    names = {name: values.shape for name, values in network.parameters.items()}
    start = "time_distributed_1/eye_1"
    assert names == {f"{start}/kernel": (3, 3, 1, 4), f"{start}/bias": (4,)}
    assert network.output_shape == (5, 4, 4, 4)
    assert sum(facts.multiply_adds for facts in network.layers_table()) == 5 * 4 * 4 * 9 * 4


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (DENSE, (4,), "takes sequences, but receives vectors of"),
        ({"type": "batch_normalization"}, (2, 4, 4, 3), "batch_normalization keeps statistics"),
        ({"type": "residual", "layers": [CONV]}, (2, 6, 6, 3), "that computes, not residual"),
        (CONV, (2, 2, 2, 3), "window of 3x3 is larger than its input of 2x2"),
    ],
)
def test_what_cannot_be_applied_to_each_step_is_refused(
    layer: Config, shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        Network.build((Layer.parse(each(layer)),), input_shape=shape)
