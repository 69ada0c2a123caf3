"""A sequence without its ends."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dltrain.core.errors import ShapeError
from dltrain.core.fields import Count
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, require
from dltrain.layers.steps import cut, put_back
from dltrain.layers.windows import CountPair

EndsField = Annotated[Count | CountPair, Field(union_mode="left_to_right")]
"""A number for both ends, or [before, after]."""


class Cropping1D(Layer):
    """Cut steps off the ends of a sequence.

    Shapes: x (time, features); y (time - before - after, features).
    """

    cropping: EndsField = 1
    """Steps off both ends, or [before, after]."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Take off the ends; at least a step must be left."""
        (shape,) = inputs
        require(shape, (2,), self)
        time = shape[0] - sum(self._ends)
        if time < 1:
            message = f"cropping1d leaves nothing of its input of {shape[0]}"
            hint = "cut off less than the sequence's steps"
            raise ShapeError(message, field="cropping", hint=hint)
        return time, shape[1]

    def forward(self, at: Lowering) -> None:
        """Write the row that copies what is left."""
        cut(at, self._ends[0])

    def backward(self, at: Lowering) -> None:
        """Write the row that puts the gradient back among zeros."""
        put_back(at, self._ends[0])

    @property
    def _ends(self) -> tuple[int, int]:
        ends = self.cropping
        return (ends, ends) if isinstance(ends, int) else ends
