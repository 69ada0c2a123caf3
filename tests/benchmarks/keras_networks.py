"""The workloads' networks in Keras, for any of its backends; see torch_networks.py.

Strided convolutions pad with `same`: other pixels than PyTorch's padding, but the same shapes and
work, and faster than a padding layer before each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from tests.benchmarks import keras_transformers
from tests.benchmarks.stages import MOBILENET_V2_HALF, RESNET18, RESNET20
from tests.benchmarks.workloads import LEARNING_RATES, MOMENTUM


def compile_model(model: Any, optimizer: str, *, jit: bool) -> None:
    """Give the model its optimizer, loss and metric."""
    rate = LEARNING_RATES[optimizer]
    model.compile(
        optimizer=keras.optimizers.Adam(rate)
        if optimizer == "adam"
        else keras.optimizers.SGD(rate, momentum=MOMENTUM),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=jit,
    )


def mnist_cnn() -> Any:
    """Build the network of configs/mnist_cnn.yaml."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def mlp() -> Any:
    """Build 784-512-512-10."""
    return keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(512, activation="relu"),
            layers.Dense(512, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def resnet20() -> Any:
    """Build ResNet-20 with option A."""
    x = inputs = keras.Input((32, 32, 3))
    x = layers.ReLU()(_convolution(x, 16, 3))
    for channels, stride in RESNET20:
        for block in range(3):
            strided = stride == 2 and block == 0
            shortcut = _widened(x, channels) if strided else x
            x = _basic(x, channels, 2 if strided else 1, shortcut)
    return _classified(inputs, x)


def resnet18() -> Any:
    """Build ResNet-18 for images of 64x64."""
    x = inputs = keras.Input((64, 64, 3))
    x = layers.ReLU()(_convolution(x, 64, 7, 2))
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    for channels, stride in RESNET18:
        shortcut = _convolution(x, channels, 1, 2) if stride == 2 else x
        x = _basic(x, channels, stride, shortcut)
        x = _basic(x, channels, 1, x)
    return _classified(inputs, x)


def mobilenet_v2() -> Any:
    """Build MobileNetV2 of width 0.5 for images of 64x64."""
    x = inputs = keras.Input((64, 64, 3))
    x = layers.ReLU(6)(_convolution(x, 16, 3, 2))
    for expansion, channels, times, stride in MOBILENET_V2_HALF:
        for number in range(times):
            x = _inverted(x, channels, stride if number == 0 else 1, expansion)
    x = layers.ReLU(6)(_convolution(x, 1280, 1))
    return _classified(inputs, x, dropout=0.2)


def _convolution(x: Any, channels: int, size: int, stride: int = 1) -> Any:
    x = layers.Conv2D(channels, size, stride, padding="same", use_bias=False)(x)
    return _normalized(x)


def _normalized(x: Any) -> Any:
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)


def _basic(x: Any, channels: int, stride: int, shortcut: Any) -> Any:
    y = layers.ReLU()(_convolution(x, channels, 3, stride))
    return layers.ReLU()(layers.Add()([_convolution(y, channels, 3), shortcut]))


def _widened(x: Any, channels: int) -> Any:
    around = (channels // 4, channels // 4)
    return keras.ops.pad(x[:, ::2, ::2], ((0, 0), (0, 0), (0, 0), around))


def _inverted(x: Any, channels: int, stride: int, expansion: int) -> Any:
    y = x
    if expansion > 1:
        y = layers.ReLU(6)(_convolution(x, expansion * x.shape[-1], 1))
    y = layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(y)
    y = _convolution(layers.ReLU(6)(_normalized(y)), channels, 1)
    return layers.Add()([x, y]) if stride == 1 and x.shape[-1] == channels else y


def _classified(inputs: Any, x: Any, *, dropout: float = 0.0) -> Any:
    x = layers.GlobalAveragePooling2D()(x)
    if dropout:
        x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


NETWORKS: dict[str, Callable[[], Any]] = {
    **{build.__name__: build for build in (mnist_cnn, mlp, resnet20, mobilenet_v2, resnet18)},
    **keras_transformers.NETWORKS,
}
