"""Layers under one name."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from dltrain.layers.base import Builder, Layer


class Sequential(Layer):
    """Apply layers one after another, named, fed and frozen as one."""

    layers: Annotated[tuple[Layer, ...], Field(min_length=1)]
    """The layers, first to last."""

    def build(self, graph: Builder, *inputs: Any) -> Any:
        """Add the layers."""
        with graph.scope(self):
            value = graph.sequence(self.layers, inputs[0], "layers")
            return graph.activate(self.activation, value)
