"""What many architectures are made of."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from dltrain.activations.base import Activation
from dltrain.activations.relu import Relu
from dltrain.initializers.base import Initializer
from dltrain.initializers.he_normal import HeNormal
from dltrain.layers.base import Layer
from dltrain.layers.batch_normalization import BatchNormalization
from dltrain.layers.conv2d import Conv2D
from dltrain.layers.dense import Dense
from dltrain.layers.dropout import Dropout
from dltrain.layers.flatten import Flatten
from dltrain.layers.max_pooling2d import MaxPooling2D
from dltrain.layers.sequential import Sequential
from dltrain.regularizers.base import Regularizer

Stem = Literal["large", "small"]
"""Whether the first layers make the image smaller, as for photos, or keep it."""
RELU = Relu()


class Classifies(Protocol):
    """The options of every architecture with one output for each class."""

    @property
    def classes(self) -> int | None:
        """The classes; None for those of the data set."""

    @property
    def classifier_activation(self) -> Activation:
        """The function of the outputs."""


class DenseEnding(Classifies, Protocol):
    """The options of architectures that end in several dense layers."""

    @property
    def units(self) -> int:
        """The outputs of all but the last."""

    @property
    def dropout(self) -> float:
        """The share left out between them."""


def he() -> Initializer:
    """Give the starting values of kernels before relu."""
    return HeNormal()


def convolved(
    number: int | str,
    filters: int,
    kernel_size: int,
    *,
    strides: int = 1,
    activation: Activation | None = RELU,
    **fields: Any,
) -> tuple[Layer, Layer]:
    """Give a convolution and a batch normalization, called conv and norm with a number.

    Zeros around keep the image's size but for strides. Epsilon and momentum are torchvision's.
    """
    convolution = Conv2D(
        name=f"conv{number}",
        filters=filters,
        kernel_size=kernel_size,
        strides=strides,
        padding=kernel_size // 2 or "valid",
        use_bias=False,
        kernel_initializer=he(),
        **fields,
    )
    return convolution, normalized(number, activation=activation)


def normalized(number: int | str, *, activation: Activation | None = None) -> Layer:
    """Give a batch normalization called norm with a number, as torchvision's."""
    return BatchNormalization(
        name=f"norm{number}", momentum=0.9, epsilon=1e-5, activation=activation
    )


def image_stem(filters: int, stem: Stem) -> Layer:
    """Give the first layers of networks after ResNet: 7x7 and pooling, or 3x3 for small images."""
    if stem == "small":
        return Sequential(name="stem", layers=convolved("", filters, 3))
    pooling = MaxPooling2D(name="pool", pool_size=3, strides=2, padding=1)
    return Sequential(name="stem", layers=(*convolved("", filters, 7, strides=2), pooling))


def classifier(options: Classifies, **fields: Any) -> Layer:
    """Give the last layer: one output for each class."""
    return Dense(
        name="classifier",
        units=options.classes or "classes",
        activation=options.classifier_activation,
        **fields,
    )


def dense_ending(options: DenseEnding, *, drop_first: bool = False) -> tuple[Layer, ...]:
    """Give two dense layers and the last; dropout behind the two, or before with `drop_first`."""
    layers: list[Layer] = [Flatten()]
    for number in (1, 2):
        hidden = Dense(
            name=f"hidden{number}", units=options.units, activation=RELU, kernel_initializer=he()
        )
        dropout = Dropout(rate=options.dropout)
        layers += [dropout, hidden] if drop_first else [hidden, dropout]
    return (*layers, classifier(options))


def scaled(channels: int, width: float) -> int:
    """Give a number of channels times the width of a network, at least one."""
    return max(1, round(channels * width))


def penalized(layers: tuple[Layer, ...], regularizer: Regularizer | None) -> tuple[Layer, ...]:
    """Set the penalty of every kernel in layers and in the containers among them."""
    return layers if regularizer is None else tuple(_with(layer, regularizer) for layer in layers)


def _with(layer: Layer, regularizer: Regularizer) -> Layer:
    changed: dict[str, Any] = {}
    for name in type(layer).model_fields:
        value = getattr(layer, name)
        if name in ("kernel_regularizer", "depthwise_regularizer", "pointwise_regularizer"):
            changed[name] = regularizer
        elif name in ("layers", "shortcut"):
            changed[name] = penalized(value, regularizer)
        elif name == "branches":
            changed[name] = tuple(penalized(branch, regularizer) for branch in value)
    return layer.model_copy(update=changed) if changed else layer
