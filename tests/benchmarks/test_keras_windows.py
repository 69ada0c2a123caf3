"""Layers with windows against Keras' own in float64: where windows stand, and all gradients."""

from __future__ import annotations

import os
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dltrain.engine.lower import Objective
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from dltrain.losses.base import Loss
from tests.reference.judge import worst_gradient

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("default")]

Config = dict[str, Any]
IMAGE, SEQUENCE = (7, 9, 6), (11, 6)
NAMES = {
    "conv1d": "Conv1D",
    "conv2d_transpose": "Conv2DTranspose",
    "cropping2d": "Cropping2D",
    "depthwise_conv2d": "DepthwiseConv2D",
    "separable_conv2d": "SeparableConv2D",
    "up_sampling2d": "UpSampling2D",
    "zero_padding2d": "ZeroPadding2D",
    "average_pooling1d": "AveragePooling1D",
    "average_pooling2d": "AveragePooling2D",
    "max_pooling1d": "MaxPooling1D",
    "max_pooling2d": "MaxPooling2D",
    "global_average_pooling2d": "GlobalAveragePooling2D",
    "global_max_pooling1d": "GlobalMaxPooling1D",
}


def _transposed() -> list[Config]:
    fields = product(("valid", "same"), (1, 2, 3, 4, 5), (1, 2, 3), (None, 0, 1, 2))
    return [
        {
            "type": "conv2d_transpose",
            "filters": 5,
            "kernel_size": size,
            "strides": strides,
            "padding": padding,
            "output_padding": added,
        }
        for padding, size, strides, added in fields
        # Where the output is a stride short of the input, Keras on TensorFlow fails.
        if (added or 0) < strides and not (padding == "same" and size % 2 == 0 and added == 0)
    ]


def _depthwise() -> list[Config]:
    options: list[Config] = [{"strides": 2}, {"dilation_rate": 2}, {"depth_multiplier": 2}]
    windows = [
        {"kernel_size": 3, "padding": padding, **option}
        for padding, option in product(("valid", "same"), options)
    ]
    separable = [{"type": "separable_conv2d", "filters": 5, **window} for window in windows]
    return [*({"type": "depthwise_conv2d", **window} for window in windows), *separable]


def _over_time() -> list[Config]:
    options: list[Config] = [{"strides": 2}, {"dilation_rate": 2}, {"use_bias": False, "groups": 2}]
    return [
        {"type": "conv1d", "filters": 4, "kernel_size": 3, "padding": padding, **option}
        for padding, option in product(("valid", "same", "causal"), options)
    ]


def _poolings() -> list[Config]:
    return [
        {"type": f"{kind}_pooling{axes}d", "pool_size": 3, "strides": 2, "padding": padding}
        for kind, axes, padding in product(("average", "max"), (1, 2), ("valid", "same"))
    ]


def _others() -> list[Config]:
    sides: list[Any] = [1, [1, 2], [[0, 2], [1, 0]]]
    return [
        *({"type": "zero_padding2d", "padding": side} for side in sides),
        *({"type": "cropping2d", "cropping": side} for side in sides),
        {"type": "up_sampling2d", "size": [3, 2]},
        {"type": "up_sampling2d", "size": [3, 2], "interpolation": "bilinear"},
        {"type": "global_average_pooling2d", "keepdims": True},
        {"type": "global_max_pooling1d", "keepdims": True},
    ]


CASES = [*_transposed(), *_depthwise(), *_over_time(), *_poolings(), *_others()]
"""Layers, the fields of which Keras has too."""


@pytest.fixture(scope="module")
def keras() -> ModuleType:
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    pytest.importorskip("tensorflow", reason="needs the `peers` extra")
    return pytest.importorskip("keras", reason="needs the `peers` extra")


@pytest.mark.parametrize("layer", CASES, ids=lambda layer: " ".join(map(str, layer.values())))
def test_outputs_and_gradients_are_those_of_keras(layer: Config, keras: Any) -> None:
    import tensorflow as tf

    shape = SEQUENCE if layer["type"].endswith("1d") else IMAGE
    network = build(layer, shape)
    generator = np.random.default_rng(0)
    for values in network.parameters.values():
        values[...] = generator.normal(0, 0.5, values.shape)
    x, target = (
        generator.normal(size=(3, *size)).astype(np.float32)
        for size in (shape, network.output_shape)
    )
    peer = build_peer(keras, layer, shape)
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


def build_peer(keras: Any, layer: Config, shape: tuple[int, ...]) -> Any:
    """Build Keras' layer of the same fields, in float64."""
    fields = {key: tuple_of(value) for key, value in layer.items() if key != "type"}
    peer = getattr(keras.layers, NAMES[layer["type"]])(**fields, dtype="float64")
    peer.build((None, *shape))
    return peer


def tuple_of(value: Any) -> Any:
    """Give lists as the tuples that Keras takes."""
    return tuple(map(tuple_of, value)) if isinstance(value, list) else value
