"""Blocks that widen, convolve channel by channel, and narrow: MobileNets and EfficientNets.

Source: Sandler and others 2018, arXiv:1801.04381, figure 3.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

from dltrain.layers.base import Layer
from dltrain.layers.residual import Residual
from dltrain.layers.sequential import Sequential
from dltrain.layers.squeeze_excitation import SqueezeExcitation
from dltrain.models.style import Style


@dataclass(frozen=True)
class Block:
    """The sizes of one block."""

    inputs: int
    wide: int
    """Channels in between."""
    outputs: int
    size: int = 3
    """Height and width of the kernel."""
    strides: int = 1
    squeezed: int = 0
    """Channels of the squeeze; 0 for none."""

    def layers(self, name: str, style: Style, *ending: Layer) -> Layer:
        """Give the block; `ending` stands behind its layers where there is a shortcut."""
        inside = [*style.convolved("expand", self.wide, 1)] if self.wide != self.inputs else []
        inside += style.depthwise(self.size, self.strides)
        if self.squeezed:
            inside.append(
                SqueezeExcitation(
                    name="squeeze",
                    units=self.squeezed,
                    squeeze_activation=style.squeeze_activation,
                    gate_activation=style.gate_activation,
                )
            )
        inside += style.convolved("project", self.outputs, 1, activated=False)
        if self.strides == 1 and self.inputs == self.outputs:
            return Residual(name=name, layers=(*inside, *ending))
        return Sequential(name=name, layers=tuple(inside))


def without_strides(blocks: list[Block], stem: str) -> list[Block]:
    """Take the strides of the first block that has any away, for small images."""
    if stem == "large":
        return blocks
    first = next(number for number, block in enumerate(blocks) if block.strides > 1)
    return [*blocks[:first], replace(blocks[first], strides=1), *blocks[first + 1 :]]


def rounded(channels: float) -> int:
    """Round to a multiple of 8, at least 8 and never by more than a tenth down."""
    near = max(8, int(channels + 4) // 8 * 8)
    return near + 8 if near < 0.9 * channels else near


def repeats(times: int, depth: float) -> int:
    """Give how often a block stands in a network of this depth."""
    return ceil(times * depth)
