"""The networks of Howard and others 2019, arXiv:1905.02244, as torchvision's."""

from __future__ import annotations

from typing import Protocol

from dltrain.activations.hard_sigmoid import HardSigmoid
from dltrain.activations.hard_silu import HardSilu
from dltrain.activations.relu import Relu
from dltrain.layers.base import Layer
from dltrain.layers.dense import Dense
from dltrain.layers.dropout import Dropout
from dltrain.layers.global_average_pooling2d import GlobalAveragePooling2D
from dltrain.layers.sequential import Sequential
from dltrain.models.inverted_residuals import Block, rounded, without_strides
from dltrain.models.parts import Classifies, Stem, classifier, penalized
from dltrain.models.style import Style
from dltrain.regularizers.base import Regularizer

Row = tuple[int, int, int, bool, str, int]
"""Kernel, channels in between, channels, squeeze, activation (relu or hard_silu), strides."""


class Options(Classifies, Protocol):
    """What a preset of this family may choose."""

    @property
    def width(self) -> float:
        """The multiple of channels."""

    @property
    def stem(self) -> Stem:
        """The first layers."""

    @property
    def dropout(self) -> float:
        """The share left out before the last layer."""

    @property
    def kernel_regularizer(self) -> Regularizer | None:
        """The penalty on kernels."""


def mobilenet_v3(options: Options, rows: tuple[Row, ...], *, units: int) -> tuple[Layer, ...]:
    """Give the layers; `units` are the outputs of the dense layer before the last."""
    styles = {
        function.type_name: Style(
            function, epsilon=1e-3, momentum=0.99, gate_activation=HardSigmoid()
        )
        for function in (Relu(), HardSilu())
    }
    hard, inputs = styles["hard_silu"], rounded(16 * options.width)
    strides = 2 if options.stem == "large" else 1
    layers: list[Layer] = [
        Sequential(name="stem", layers=hard.convolved("conv", inputs, 3, strides=strides))
    ]
    blocks = without_strides(_blocks(rows, inputs, options.width), options.stem)
    for number, (block, row) in enumerate(zip(blocks, rows, strict=True), start=1):
        layers.append(block.layers(f"block{number}", styles[row[4]]))
    layers += [
        Sequential(name="head", layers=hard.convolved("conv", 6 * blocks[-1].outputs, 1)),
        GlobalAveragePooling2D(),
        Dense(name="hidden", units=rounded(units * options.width), activation=HardSilu()),
        Dropout(rate=options.dropout),
        classifier(options),
    ]
    return penalized(tuple(layers), options.kernel_regularizer)


def _blocks(rows: tuple[Row, ...], inputs: int, width: float) -> list[Block]:
    blocks: list[Block] = []
    for size, wide, channels, squeeze, _, strides in rows:
        between, outputs = rounded(wide * width), rounded(channels * width)
        squeezed = rounded(between // 4) if squeeze else 0
        blocks.append(Block(inputs, between, outputs, size, strides, squeezed))
        inputs = outputs
    return blocks
