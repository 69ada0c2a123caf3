"""Recurrent layers: outputs and gradients of whole networks are those of float64 twins."""

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

TYPES = ["simple_rnn", "lstm", "gru"]
NARROW = (Target(4, 16), Target(8, 16))


def architecture(shape: tuple[int, int], *layers: dict[str, Any]) -> Architecture:
    return {
        "input_shape": shape,
        "classes": 3,
        "layers": [*layers, {"type": "dense", "units": 3}],
        "loss": "mean_squared_error",
        "output_shape": (3,),
    }


def networks(kind: str) -> dict[str, Architecture]:
    """Give networks of one kind of recurrent layer, of all forms and awkward sizes."""

    def layer(units: int, **fields: Any) -> dict[str, Any]:
        return {"type": kind, "units": units, **fields}

    return {
        "one step": architecture((1, 3), layer(5)),
        "the last of some steps": architecture((7, 5), layer(19)),
        "a stack": architecture((6, 9), layer(17, return_sequences=True), layer(33)),
        "backwards": architecture(
            (5, 4),
            layer(8, go_backwards=True, return_sequences=True),
            layer(3, go_backwards=True),
        ),
        "without biases": architecture((4, 6), layer(12, use_bias=False)),
        "both directions": architecture(
            (5, 3),
            {"type": "bidirectional", "layer": layer(6, return_sequences=True)},
            {"type": "bidirectional", "layer": layer(4, go_backwards=True), "merge": "add"},
        ),
        "a large matrix": architecture((3, 40), layer(184)),
    }


@pytest.mark.parametrize("name", networks("lstm"))
@pytest.mark.parametrize("kind", TYPES)
def test_a_network_computes_what_its_twin_does(kind: str, name: str) -> None:
    drawn = networks(kind)[name]
    check_network(drawn, build_network(drawn, seed=1), 21)


@pytest.mark.parametrize("target", NARROW, ids=lambda target: str(target.width))
@pytest.mark.parametrize("kind", TYPES)
def test_narrower_vectors_compute_the_same(kind: str, target: Target) -> None:
    drawn = networks(kind)["a stack"]
    network = build_network(drawn, seed=1)
    network.target = target
    check_network(drawn, network, 3)


@pytest.mark.parametrize("kind", TYPES)
def test_any_number_of_threads_gives_the_same_bits(kind: str) -> None:
    drawn = networks(kind)["a stack"]
    x, y = random_batch(drawn, samples=37)
    found = []
    for threads in (1, 2, 3):
        network = build_network(drawn, seed=1, threads=threads)
        found.append(network.loss_and_gradients(x, y))
    for loss, gradients in found[1:]:
        assert loss == found[0][0]
        for key, value in gradients.items():
            np.testing.assert_array_equal(value, found[0][1][key])


@pytest.mark.parametrize("kind", TYPES)
def test_another_activation_is_refused(kind: str) -> None:
    layers = (Layer.parse({"type": kind, "units": 3, "activation": "relu"}),)
    with pytest.raises(ShapeError, match="has tanh inside, not relu") as raised:
        Network.build(layers, input_shape=(4, 2))
    assert raised.value.loc == ("model", "layers", 0, "activation")


@pytest.mark.parametrize("kind", TYPES)
def test_an_image_is_refused(kind: str) -> None:
    layers = (Layer.parse({"type": kind, "units": 3}),)
    with pytest.raises(ShapeError, match="takes sequences, but receives images"):
        Network.build(layers, input_shape=(4, 4, 2))


def test_only_recurrent_layers_have_two_directions() -> None:
    layers = (Layer.parse({"type": "bidirectional", "layer": {"type": "dense", "units": 3}}),)
    with pytest.raises(ShapeError, match="takes a recurrent layer, not dense") as raised:
        Network.build(layers, input_shape=(4, 2))
    assert raised.value.loc == ("model", "layers", 0, "layer")


def test_a_forget_gate_begins_open() -> None:
    network = Network.build((Layer.parse({"type": "lstm", "units": 2}),), input_shape=(3, 1))
    np.testing.assert_array_equal(network.parameters["lstm_1/bias"], [0, 0, 1, 1, 0, 0, 0, 0])
