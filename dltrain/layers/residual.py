"""Layers with a way around them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from dltrain.layers.add import Add
from dltrain.layers.base import Builder, Layer


class Residual(Layer):
    """Sum what layers make of the input and what a shortcut makes of it.

    Raises: ShapeError where the two have different shapes.
    Source: He, Zhang, Ren, Sun 2015, arXiv:1512.03385.
    """

    layers: Annotated[tuple[Layer, ...], Field(min_length=1)]
    """The layers, first to last."""
    shortcut: tuple[Layer, ...] = ()
    """Layers of the way around; none for the input itself."""

    def build(self, graph: Builder, *inputs: Any) -> Any:
        """Add the layers, the shortcut and their sum."""
        with graph.scope(self):
            value = graph.sequence(self.layers, inputs[0], "layers")
            around = graph.sequence(self.shortcut, inputs[0], "shortcut")
            total = graph.node(Add(), value, around)
            return graph.activate(self.activation, total)
