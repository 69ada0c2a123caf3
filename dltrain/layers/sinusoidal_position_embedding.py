"""Where a step stands in its sequence, as sines and cosines."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.fields import PositiveNumber
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape, size_of
from dltrain.layers.base import Layer, require
from dltrain.layers.passing import pass_gradient
from dltrain.layers.positions import wave_table, write_waves
from dltrain.layers.step_position import StepPosition


class SinusoidalPositionEmbedding(Layer):
    """Add sines and cosines of each step's position, of longer and longer waves; nothing is learnt.

    To feature 2i of step t, sin(t / max_wavelength ** (2i / features)), to 2i + 1 the cosine.

    Shapes: x, y (time, features).
    Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.5; sines and cosines alternate, as
    there and in KerasHub's SinePositionEncoding.
    """

    keeps_mask: ClassVar[bool] = True

    max_wavelength: PositiveNumber = 10000.0
    """Steps of the longest wave, over 2 pi."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        require(inputs[0], (2,), self, hint="put an embedding, or `reshape`, before it")
        return inputs[0]

    def stepped(self, *inputs: Shape) -> Layer | None:
        """Add the waves of one position."""
        return StepPosition(room=inputs[0][0], max_wavelength=self.max_wavelength)

    def forward(self, at: Lowering) -> None:
        """Write the rows of the waves and of y = x + waves."""
        waves = wave_table(at, *at.output.shape)
        write_waves(at, waves, self.max_wavelength, alternating=True)
        sizes = (1, size_of(at.output.shape))
        at.row("add_forward", reads=(at.inputs[0], waves), writes=(at.output,), sizes=sizes)

    def backward(self, at: Lowering) -> None:
        """Pass the gradient on."""
        pass_gradient(at)
