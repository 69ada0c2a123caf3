"""MobileNetV2."""

from __future__ import annotations

from dltrain.activations.base import Activation
from dltrain.activations.relu6 import Relu6
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, PositiveNumber, Share
from dltrain.layers.base import Layer
from dltrain.layers.dropout import Dropout
from dltrain.layers.global_average_pooling2d import GlobalAveragePooling2D
from dltrain.layers.sequential import Sequential
from dltrain.models.base import Model
from dltrain.models.inverted_residuals import Block, rounded, without_strides
from dltrain.models.parts import Stem, classifier, penalized
from dltrain.models.style import Style
from dltrain.regularizers.base import Regularizer

STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
          (6, 160, 3, 2), (6, 320, 1, 1))  # fmt: skip
"""Expansion, channels, blocks, strides of the first block."""


class MobilenetV2(Model):
    """MobileNetV2: blocks widen six times, convolve channel by channel, and narrow again.

    torchvision's for 1000 classes has 3,504,872 parameters.
    Source: Sandler, Howard, Zhu, Zhmoginov, Chen 2018, arXiv:1801.04381, table 2.
    """

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    width: PositiveNumber = 1.0
    """Multiple of all numbers of channels, which are rounded to multiples of 8."""
    stem: Stem = "large"
    """`large` makes images a quarter as high and wide early; `small` is for those of 32x32."""
    dropout: Share = 0.2
    """Share of numbers left out before the last layer while training."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        style = Style(Relu6())
        inputs = rounded(32 * self.width)
        strides = 2 if self.stem == "large" else 1
        first = Sequential(name="stem", layers=style.convolved("conv", inputs, 3, strides=strides))
        blocks = without_strides(self._blocks(inputs), self.stem)
        layers = [block.layers(f"block{n}", style) for n, block in enumerate(blocks, start=1)]
        last = style.convolved("conv", rounded(1280 * max(1.0, self.width)), 1)
        ending = (
            Sequential(name="head", layers=last),
            GlobalAveragePooling2D(),
            Dropout(rate=self.dropout),
            classifier(self),
        )
        return penalized((first, *layers, *ending), self.kernel_regularizer)

    def _blocks(self, inputs: int) -> list[Block]:
        blocks: list[Block] = []
        for expansion, channels, times, strides in STAGES:
            outputs = rounded(channels * self.width)
            for number in range(times):
                step = strides if number == 0 else 1
                blocks.append(Block(inputs, inputs * expansion, outputs, strides=step))
                inputs = outputs
        return blocks
