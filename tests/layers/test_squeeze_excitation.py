from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import ShapeError
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from tests.reference.layer_twin import normal


def build(**fields: Any) -> Network:
    layer = Layer.parse({"type": "squeeze_excitation", **fields})
    return Network.build((layer,), input_shape=(5, 4, 20), threads=1)


def test_channels_are_multiplied_by_a_function_of_all_means() -> None:
    network = build(units=3, gate_activation="tanh")
    x = normal(2, 5, 4, 20)
    for values in network.parameters.values():
        values[...] = normal(*values.shape, seed=values.size)
    first, first_bias, second, second_bias = network.parameters.values()
    hidden = np.maximum(x.mean((1, 2)) @ first[0, 0] + first_bias, 0)
    gate = np.tanh(hidden @ second[0, 0] + second_bias)
    np.testing.assert_allclose(network.forward(x), x * gate[:, None, None], rtol=1e-4, atol=1e-5)


def test_parameters_are_named_after_the_two_layers_within() -> None:
    names = [f"squeeze_excitation_1/conv2d_{n}/{key}" for n in (1, 2) for key in ("kernel", "bias")]
    assert [*build().parameters] == names


@pytest.mark.parametrize(
    ("fields", "units"), [({}, 1), ({"ratio": 3}, 6), ({"ratio": 40}, 1), ({"units": 7}, 7)]
)
def test_the_first_layer_has_as_many_channels_as_asked_for(
    fields: dict[str, int], units: int
) -> None:
    shapes = [values.shape for values in build(**fields).parameters.values()]
    assert shapes == [(1, 1, 20, units), (units,), (1, 1, units, 20), (20,)]


def test_vectors_are_refused() -> None:
    layers = (Layer.parse("squeeze_excitation"),)
    with pytest.raises(ShapeError, match="squeeze_excitation takes images, but receives vectors"):
        Network.build(layers, input_shape=(5,), threads=1)
