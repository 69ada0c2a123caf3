"""The layer that gives a sample another shape."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from dltrain.core.errors import ShapeError
from dltrain.core.fields import PositiveInteger
from dltrain.core.shapes import Shape, describe, size_of
from dltrain.layers.base import Layer

Extent = PositiveInteger | Literal[-1]


class Reshape(Layer):
    """Give the numbers of a sample another shape, in the same order."""

    alias: ClassVar[bool] = True

    target_shape: Annotated[tuple[Extent, ...], Field(min_length=1)]
    """The shape of one sample; -1, once, stands for what is left."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Fill in what -1 stands for."""
        (shape,) = inputs
        size, target = size_of(shape), self.target_shape
        if target.count(-1) > 1:
            message = f"target_shape {describe(target)} leaves more than one extent open"
            raise ShapeError(message, field="target_shape", hint="write -1 once at most")
        known = size_of(tuple(extent for extent in target if extent != -1))
        filled = tuple(size // known if extent == -1 else extent for extent in target)
        if size_of(filled) != size:
            came, wanted = describe(shape), describe(target)
            message = f"reshape cannot lay the {size} numbers of {came} out as {wanted}"
            hint = f"the extents must multiply to {size}; -1 stands for what is left"
            raise ShapeError(message, field="target_shape", hint=hint)
        return filled
