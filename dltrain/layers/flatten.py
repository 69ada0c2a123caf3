"""The layer that turns any sample into a vector."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.shapes import Shape, size_of
from dltrain.layers.base import Layer


class Flatten(Layer):
    """Give all numbers of a sample as one vector, last axis fastest."""

    alias: ClassVar[bool] = True

    def output_shape(self, *inputs: Shape) -> Shape:
        """Count the numbers of a sample."""
        return (size_of(inputs[0]),)
