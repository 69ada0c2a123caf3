"""MobileNet."""

from __future__ import annotations

from dltrain.activations.base import Activation
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, PositiveNumber, Share
from dltrain.layers.base import Layer
from dltrain.layers.dropout import Dropout
from dltrain.layers.global_average_pooling2d import GlobalAveragePooling2D
from dltrain.layers.sequential import Sequential
from dltrain.models.base import Model
from dltrain.models.parts import RELU, Stem, classifier, penalized, scaled
from dltrain.models.style import Style
from dltrain.regularizers.base import Regularizer

BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2),
          (1024, 1))  # fmt: skip
"""Channels and strides."""


class MobilenetV1(Model):
    """MobileNet: convolutions channel by channel, each with a 1x1 convolution behind it.

    For 1000 classes there are 4,231,976 parameters; strides are padded as PyTorch pads them.
    Source: Howard and others 2017, arXiv:1704.04861, table 1; the last strides are 1, not 2.
    """

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    width: PositiveNumber = 1.0
    """Multiple of all numbers of channels."""
    stem: Stem = "large"
    """`large` makes images a quarter as high and wide early; `small` is for those of 32x32."""
    dropout: Share = 0.001
    """Share of numbers left out before the last layer while training."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        style, small = Style(RELU), self.stem == "small"
        filters = scaled(32, self.width)
        stem = style.convolved("conv", filters, 3, strides=1 if small else 2)
        layers: list[Layer] = [Sequential(name="stem", layers=stem)]
        for number, (channels, strides) in enumerate(BLOCKS, start=1):
            step = 1 if small and number == 2 else strides
            pointwise = style.convolved("pointwise", scaled(channels, self.width), 1)
            inside = (*style.depthwise(3, step), *pointwise)
            layers.append(Sequential(name=f"block{number}", layers=inside))
        ending = (GlobalAveragePooling2D(), Dropout(rate=self.dropout), classifier(self))
        return penalized((*layers, *ending), self.kernel_regularizer)
