"""Positions added to a sequence: learnt vectors, sines and cosines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import ShapeError
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from tests.reference.architectures import Architecture
from tests.reference.network_check import check_network
from tests.reference.networks import build_network

SINES = {"type": "sinusoidal_position_embedding"}


def architecture(shape: tuple[int, int], layer: dict[str, Any]) -> Architecture:
    dense = {"type": "dense", "units": shape[1]}
    return {
        "input_shape": shape,
        "classes": shape[1],
        "layers": [dense, layer, dense],
        "loss": "mean_squared_error",
        "output_shape": shape,
    }


@pytest.mark.parametrize("layer", [SINES, {"type": "position_embedding"}], ids=lambda x: x["type"])
@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (65, 18), (300, 130)])
def test_a_network_computes_what_its_twin_does(
    layer: dict[str, Any], shape: tuple[int, int]
) -> None:
    drawn = architecture(shape, layer)
    check_network(drawn, build_network(drawn, seed=1), 3)


@pytest.mark.parametrize("longest", [1.5, 10000.0])
def test_waves_are_exact_far_from_the_start(longest: float) -> None:
    layers = (Layer.parse({**SINES, "max_wavelength": longest}),)
    found = Network.build(layers, input_shape=(9000, 5)).forward(np.zeros((1, 9000, 5), np.float32))
    angles = np.arange(9000)[:, None] / longest ** (np.array([0, 2, 4]) / 5)
    wanted = np.stack([np.sin(angles), np.cos(angles)], -1).reshape(9000, 6)[:, :5]
    np.testing.assert_allclose(found[0], wanted, atol=1e-7)


def test_an_image_is_refused() -> None:
    with pytest.raises(ShapeError, match="takes sequences, but receives images"):
        Layer.parse(SINES).output_shape((4, 4, 3))
