"""SqueezeNet 1.1."""

from __future__ import annotations

from dltrain.activations.base import Activation
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, PositiveNumber, Share
from dltrain.layers.activation import Activation as ActivationLayer
from dltrain.layers.base import Layer
from dltrain.layers.conv2d import Conv2D
from dltrain.layers.dropout import Dropout
from dltrain.layers.global_average_pooling2d import GlobalAveragePooling2D
from dltrain.layers.max_pooling2d import MaxPooling2D
from dltrain.layers.parallel import Parallel
from dltrain.layers.sequential import Sequential
from dltrain.models.base import Model
from dltrain.models.parts import RELU, Stem, he, penalized, scaled
from dltrain.regularizers.base import Regularizer

FIRES = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))
"""Filters of the 1x1 convolution that narrows, and of each of the two that follow."""
POOLED = (4, 6)
"""Numbers of the fire modules that a pooling comes before."""


class Squeezenet(Model):
    """SqueezeNet 1.1: 1x1 convolutions narrow the image before 1x1 and 3x3 ones side by side.

    torchvision's squeezenet1_1 for 1000 classes has 1,235,496 parameters.
    Source: Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer 2016, arXiv:1602.07360; 1.1 as its
    authors published it, with less work.
    """

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    width: PositiveNumber = 1.0
    """Multiple of all numbers of channels."""
    stem: Stem = "large"
    """`large` makes images a quarter as high and wide at once; `small` is for those of 32x32."""
    dropout: Share = 0.5
    """Share of numbers left out before the last convolution while training."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        small = self.stem == "small"
        first = self._conv("conv", 64, 3, strides=1 if small else 2, padding=int(small))
        layers: list[Layer] = [first] if small else [first, _pool()]
        for number, (narrow, wide) in enumerate(FIRES, start=2):
            if number in POOLED:
                layers.append(_pool())
            layers.append(self._fire(number, narrow, wide))
        ending = (
            Dropout(rate=self.dropout),
            Conv2D(name="classifier", filters=self.classes or "classes", kernel_size=1,
                   activation=RELU, kernel_initializer=he()),
            GlobalAveragePooling2D(),
            ActivationLayer(activation=self.classifier_activation),
        )  # fmt: skip
        return penalized((*layers, *ending), self.kernel_regularizer)

    def _fire(self, number: int, narrow: int, wide: int) -> Layer:
        branches = ((self._conv("conv1", wide, 1),), (self._conv("conv3", wide, 3, padding=1),))
        expand = Parallel(name="expand", branches=branches)
        layers = (self._conv("squeeze", narrow, 1), expand)
        return Sequential(name=f"fire{number}", layers=layers)

    def _conv(
        self, name: str, filters: int, size: int, *, strides: int = 1, padding: int = 0
    ) -> Layer:
        return Conv2D(
            name=name, filters=scaled(filters, self.width), kernel_size=size, strides=strides,
            padding=padding or "valid", activation=RELU, kernel_initializer=he(),
        )  # fmt: skip


def _pool() -> Layer:
    return MaxPooling2D(pool_size=3, strides=2, ceil_mode=True)
