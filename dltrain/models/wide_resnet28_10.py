"""Wide ResNet-28-10."""

from __future__ import annotations

from typing import ClassVar

from dltrain.activations.base import Activation
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, PositiveNumber, Share
from dltrain.layers.base import Layer
from dltrain.layers.conv2d import Conv2D
from dltrain.layers.dropout import Dropout
from dltrain.layers.global_average_pooling2d import GlobalAveragePooling2D
from dltrain.layers.residual import Residual
from dltrain.layers.sequential import Sequential
from dltrain.models.base import Model
from dltrain.models.parts import RELU, classifier, he, normalized, penalized, scaled
from dltrain.regularizers.base import Regularizer


class WideResnet28_10(Model):
    """Wide ResNet-28-10 for images of 32x32: 12 residual blocks, ten times as wide as ResNet's.

    For 10 classes there are 36,479,194 parameters. Normalization and relu come before each
    convolution; where a block changes the shape, before its shortcut too.
    Source: Zagoruyko, Komodakis 2016, arXiv:1605.07146, table 1.
    """

    image_size: ClassVar[int] = 32

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    width: PositiveNumber = 10.0
    """Multiple of the numbers of channels of all blocks, which are 16, 32 and 64."""
    depth: PositiveInteger = 28
    """Convolutions in a row: 4 and six for each block of a group."""
    dropout: Share = 0.0
    """Share of numbers left out within each block while training; the paper tries 0.3."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        inputs = 16
        layers: list[Layer] = [_convolution("stem", inputs, 3)]
        for group in (1, 2, 3):
            filters = scaled(8 * 2**group, self.width)
            for number in range(1, (self.depth - 4) // 6 + 1):
                strides = 2 if group > 1 and number == 1 else 1
                name = f"group{group}_block{number}"
                if strides > 1 or inputs != filters:
                    layers.append(self._changing(name, filters, strides))
                else:
                    inside = (normalized(1, activation=RELU), *self._inside(filters, 1))
                    layers.append(Residual(name=name, layers=inside))
                inputs = filters
        ending = (normalized("", activation=RELU), GlobalAveragePooling2D(), classifier(self))
        return penalized((*layers, *ending), self.kernel_regularizer)

    def _changing(self, name: str, filters: int, strides: int) -> Layer:
        around = (_convolution("conv_shortcut", filters, 1, strides),)
        inside = Residual(name="sum", layers=self._inside(filters, strides), shortcut=around)
        return Sequential(name=name, layers=(normalized(1, activation=RELU), inside))

    def _inside(self, filters: int, strides: int) -> tuple[Layer, ...]:
        dropout = (Dropout(rate=self.dropout),) if self.dropout else ()
        return (
            _convolution("conv1", filters, 3, strides),
            normalized(2, activation=RELU),
            *dropout,
            _convolution("conv2", filters, 3),
        )


def _convolution(name: str, filters: int, size: int, strides: int = 1) -> Layer:
    return Conv2D(
        name=name, filters=filters, kernel_size=size, strides=strides,
        padding=size // 2 or "valid", use_bias=False, kernel_initializer=he(),
    )  # fmt: skip
