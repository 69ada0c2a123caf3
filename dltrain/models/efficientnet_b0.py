"""EfficientNet-B0."""

from __future__ import annotations

from dltrain.activations.base import Activation
from dltrain.activations.silu import Silu
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, PositiveNumber, Share
from dltrain.layers.base import Layer
from dltrain.layers.dropout import Dropout
from dltrain.layers.global_average_pooling2d import GlobalAveragePooling2D
from dltrain.layers.sequential import Sequential
from dltrain.layers.stochastic_depth import StochasticDepth
from dltrain.models.base import Model
from dltrain.models.inverted_residuals import Block, repeats, rounded, without_strides
from dltrain.models.parts import Stem, classifier, penalized
from dltrain.models.style import Style
from dltrain.regularizers.base import Regularizer

STAGES = ((1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3),
          (6, 5, 1, 112, 3), (6, 5, 2, 192, 4), (6, 3, 1, 320, 1))  # fmt: skip
"""Expansion, kernel, strides of the first block, channels, blocks."""
STYLE = Style(Silu(), squeeze_activation=Silu())


class EfficientnetB0(Model):
    """EfficientNet-B0: MobileNetV2's blocks with weighed channels, made to be scaled up.

    torchvision's for 1000 classes has 5,288,548 parameters. B1 to B7 are its larger widths and
    depths, on larger images; a width of 1.0 and a depth of 1.1 are B1's.
    Source: Tan, Le 2019, arXiv:1905.11946, table 1.
    """

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    width: PositiveNumber = 1.0
    """Multiple of all numbers of channels, which are rounded to multiples of 8."""
    depth: PositiveNumber = 1.0
    """Multiple of the number of blocks of each stage, rounded up."""
    stem: Stem = "large"
    """`large` makes images a quarter as high and wide early; `small` is for those of 32x32."""
    dropout: Share = 0.2
    """Share of numbers left out before the last layer while training."""
    stochastic_depth: Share = 0.2
    """Share of samples that pass the last block by while training; earlier ones fewer."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        inputs = rounded(32 * self.width)
        strides = 2 if self.stem == "large" else 1
        stem = STYLE.convolved("conv", inputs, 3, strides=strides)
        blocks = without_strides(self._blocks(inputs), self.stem)
        layers = []
        for number, block in enumerate(blocks):
            rate = self.stochastic_depth * number / len(blocks)
            depth = (StochasticDepth(rate=rate),) if rate else ()
            layers.append(block.layers(f"block{number + 1}", STYLE, *depth))
        head = STYLE.convolved("conv", 4 * blocks[-1].outputs, 1)
        ending = (
            Sequential(name="head", layers=head),
            GlobalAveragePooling2D(),
            Dropout(rate=self.dropout),
            classifier(self),
        )
        first = Sequential(name="stem", layers=stem)
        return penalized((first, *layers, *ending), self.kernel_regularizer)

    def _blocks(self, inputs: int) -> list[Block]:
        blocks: list[Block] = []
        for expansion, size, strides, channels, times in STAGES:
            outputs = rounded(channels * self.width)
            for number in range(repeats(times, self.depth)):
                step = strides if number == 0 else 1
                wide, squeezed = inputs * expansion, max(1, inputs // 4)
                blocks.append(Block(inputs, wide, outputs, size, step, squeezed))
                inputs = outputs
        return blocks
