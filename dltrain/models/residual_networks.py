"""The networks of He, Zhang, Ren, Sun 2015 (arXiv:1512.03385) and those made after them."""

from __future__ import annotations

from typing import Protocol

from dltrain.layers.average_pooling2d import AveragePooling2D
from dltrain.layers.base import Layer
from dltrain.layers.channel_padding import ChannelPadding
from dltrain.layers.global_average_pooling2d import GlobalAveragePooling2D
from dltrain.layers.residual import Residual
from dltrain.layers.sequential import Sequential
from dltrain.models.parts import (
    RELU,
    Classifies,
    Stem,
    classifier,
    convolved,
    image_stem,
    penalized,
    scaled,
)
from dltrain.regularizers.base import Regularizer


class Options(Classifies, Protocol):
    """What a preset of this family may choose."""

    @property
    def width(self) -> float:
        """The multiple of channels."""

    @property
    def kernel_regularizer(self) -> Regularizer | None:
        """The penalty on kernels."""


class PhotoOptions(Options, Protocol):
    """What a preset for photos may choose too."""

    @property
    def stem(self) -> Stem:
        """The first layers."""


def for_photos(
    options: PhotoOptions, blocks: tuple[int, ...], *, bottleneck: bool
) -> tuple[Layer, ...]:
    """Give the layers of a network for images such as those of ImageNet, as torchvision's.

    The shortcut is a convolution where the shape changes; a block's strides are those of its 3x3.
    """
    layers: list[Layer] = [image_stem(scaled(64, options.width), options.stem)]
    inputs = scaled(64, options.width)
    for stage, count in enumerate(blocks, start=1):
        filters = scaled(32 * 2**stage, options.width)
        outputs = filters * 4 if bottleneck else filters
        for number in range(1, count + 1):
            strides = 2 if stage > 1 and number == 1 else 1
            inside = _bottleneck(filters, strides) if bottleneck else _basic(filters, strides)
            changes = strides > 1 or inputs != outputs
            layers.append(
                Residual(
                    name=f"stage{stage}_block{number}",
                    layers=inside,
                    shortcut=_projection(outputs, strides) if changes else (),
                    activation=RELU,
                )
            )
            inputs = outputs
    return _finished(layers, options)


def for_small_images(options: Options, blocks: int) -> tuple[Layer, ...]:
    """Give the layers of the paper's network for CIFAR-10, with shortcuts without parameters.

    Where a stage begins, the shortcut takes every second pixel and adds channels of zeros.
    """
    inputs = scaled(16, options.width)
    layers: list[Layer] = [Sequential(name="stem", layers=convolved("", inputs, 3))]
    for stage in (1, 2, 3):
        filters = scaled(8 * 2**stage, options.width)
        for number in range(1, blocks + 1):
            begins = stage > 1 and number == 1
            layers.append(
                Residual(
                    name=f"stage{stage}_block{number}",
                    layers=_basic(filters, 2 if begins else 1),
                    shortcut=_widened(inputs, filters) if begins else (),
                    activation=RELU,
                )
            )
            inputs = filters
    return _finished(layers, options)


def _basic(filters: int, strides: int) -> tuple[Layer, ...]:
    return (
        *convolved(1, filters, 3, strides=strides),
        *convolved(2, filters, 3, activation=None),
    )


def _bottleneck(filters: int, strides: int) -> tuple[Layer, ...]:
    return (
        *convolved(1, filters, 1),
        *convolved(2, filters, 3, strides=strides),
        *convolved(3, filters * 4, 1, activation=None),
    )


def _projection(filters: int, strides: int) -> tuple[Layer, ...]:
    return convolved("_shortcut", filters, 1, strides=strides, activation=None)


def _widened(inputs: int, filters: int) -> tuple[Layer, ...]:
    added = filters - inputs
    return (
        AveragePooling2D(pool_size=1, strides=2),
        ChannelPadding(padding=(added // 2, added - added // 2)),
    )


def _finished(layers: list[Layer], options: Options) -> tuple[Layer, ...]:
    ending = (GlobalAveragePooling2D(), classifier(options))
    return penalized((*layers, *ending), options.kernel_regularizer)
