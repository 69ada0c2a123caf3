"""A model written out layer by layer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dltrain.layers.base import Layer
from dltrain.models.base import Model


class Sequential(Model):
    """Layers one after another, each taking the output of the one before."""

    layers: Annotated[tuple[Layer, ...], Field(min_length=1)]
    """The layers, first to last."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers as they are written."""
        return self.layers
