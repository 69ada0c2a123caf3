"""The networks of Simonyan, Zisserman 2014, arXiv:1409.1556."""

from __future__ import annotations

from typing import Protocol

from dltrain.layers.base import Layer
from dltrain.layers.conv2d import Conv2D
from dltrain.layers.max_pooling2d import MaxPooling2D
from dltrain.models.parts import RELU, DenseEnding, dense_ending, he, penalized, scaled
from dltrain.regularizers.base import Regularizer

FILTERS = (64, 128, 256, 512, 512)


class Options(DenseEnding, Protocol):
    """What a preset of this family may choose."""

    @property
    def width(self) -> float:
        """The multiple of channels."""

    @property
    def kernel_regularizer(self) -> Regularizer | None:
        """The penalty on kernels."""


def vgg(options: Options, blocks: tuple[int, ...]) -> tuple[Layer, ...]:
    """Give the layers: blocks of 3x3 convolutions with a pooling each, then three dense layers."""
    layers: list[Layer] = []
    for block, (count, filters) in enumerate(zip(blocks, FILTERS, strict=True), start=1):
        layers += [
            Conv2D(
                name=f"block{block}_conv{number}", filters=scaled(filters, options.width),
                kernel_size=3, padding=1, activation=RELU, kernel_initializer=he(),
            )
            for number in range(1, count + 1)
        ]  # fmt: skip
        layers.append(MaxPooling2D(name=f"block{block}_pool"))
    return penalized((*layers, *dense_ending(options)), options.kernel_regularizer)
