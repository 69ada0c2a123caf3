"""The position of the step that has just come."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, ParameterSpec
from dltrain.layers.positions import wave_table, write_waves


class StepPosition(Layer, listed=False):
    """Add to a step its position's row of a table: a learnt one, or that of waves.

    Shapes: x, y (1, features).
    """

    bounded: ClassVar[bool] = True

    room: int
    """Positions that there are."""
    max_wavelength: float | None = None
    """Of the waves; without it the table is learnt."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        return inputs[0]

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for nothing: the layer of all steps has asked."""
        return {}

    def forward(self, at: Lowering) -> None:
        """Write the row of y = x + table[position]."""
        if self.max_wavelength is None:
            table = at.parameter("embeddings")
        else:
            table = wave_table(at, self.room, at.output.shape[-1])
            write_waves(at, table, self.max_wavelength, alternating=True)
        at.row(
            "add_step",
            reads=(at.inputs[0], table, at.cells),
            writes=(at.output,),
            sizes=(at.output.size,),
        )
