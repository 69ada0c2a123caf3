"""One layer, behind another that learns, against Keras' layer of the same fields in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.engine.lower import Objective
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from dltrain.losses.base import Loss
from tests.reference.judge import worst_gradient

Config = dict[str, Any]


def compare_with_keras(layer: Config, shape: tuple[int, ...], kind: Any) -> None:
    """Hold output and gradients against those of a class of Keras'."""
    import tensorflow as tf

    network = build(layer, shape)
    generator = np.random.default_rng(0)
    for values in network.parameters.values():
        values[...] = generator.normal(0, 0.5, values.shape)
    x, target = (
        generator.normal(size=(3, *size)).astype(np.float32)
        for size in (shape, network.output_shape)
    )
    peer = build_peer(kind, layer, shape)
    scale, *weights = network.parameters.values()
    for variable, values in zip(peer.weights, weights, strict=True):
        assert tuple(variable.shape) == values.shape, variable.path
        variable.assign(values)
    factor = tf.Variable(scale.reshape(scale.shape[-2:]), dtype=tf.float64)
    with tf.GradientTape() as tape:
        y = peer(tf.constant(x, tf.float64) @ factor)
        loss = tf.reduce_mean(tf.square(y - tf.constant(target, tf.float64)))
    wanted = tape.gradient(loss, [factor, *(variable.value for variable in peer.weights)])

    assert network.output_shape == tuple(y.shape[1:])
    np.testing.assert_allclose(network.forward(x), y.numpy(), rtol=1e-4, atol=1e-5)
    found_loss, gradients = network.loss_and_gradients(x, target)
    assert found_loss == pytest.approx(float(loss), rel=1e-5)
    named = zip(gradients.items(), wanted, strict=True)
    shaped = {name: value.numpy().reshape(found.shape) for (name, found), value in named}
    error, name = worst_gradient(gradients, shaped)
    assert error < 1e-5, name


def build(layer: Config, shape: tuple[int, ...]) -> Network:
    """Build the layer behind one that learns, so that the gradient of its input is seen."""
    front = {"type": "dense", "units": shape[-1], "use_bias": False}
    if len(shape) == 3:
        front = {"type": "conv2d", "filters": shape[-1], "kernel_size": 1, "use_bias": False}
    return Network.build(
        (Layer.parse(front), Layer.parse(layer)),
        input_shape=shape,
        objective=Objective(Loss.parse("mean_squared_error"), (), "dense"),
        threads=1,
    )


def build_peer(kind: Any, layer: Config, shape: tuple[int, ...]) -> Any:
    """Build Keras' layer of the same fields, in float64."""
    fields = {key: tuple_of(value) for key, value in layer.items() if key != "type"}
    peer = kind(**fields, dtype="float64")
    peer.build((None, *shape))
    return peer


def tuple_of(value: Any) -> Any:
    """Give lists as the tuples that Keras takes."""
    return tuple(map(tuple_of, value)) if isinstance(value, list) else value
