"""Layers that stand several times."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from dltrain.core.fields import PositiveInteger
from dltrain.layers.base import Builder, Layer


class Repeat(Layer):
    """Apply layers several times over, each time with parameters of their own."""

    times: PositiveInteger
    """How often the layers stand one after another."""
    layers: Annotated[tuple[Layer, ...], Field(min_length=1)]
    """The layers, first to last."""

    def build(self, graph: Builder, *inputs: Any) -> Any:
        """Add the layers, again and again."""
        (value,) = inputs
        with graph.scope(self, repeated=True):
            for _ in range(self.times):
                value = graph.sequence(self.layers, value, "layers")
            return graph.activate(self.activation, value)
