"""What a model is: a list of layers, written out or expanded from a few options."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.component import Component
from dltrain.layers.base import Layer


class Model(Component):
    """A network architecture."""

    kind: ClassVar[str] = "model"
    package: ClassVar[str] = "dltrain.models"
    default_type: ClassVar[str | None] = "sequential"
    image_size: ClassVar[int] = 224
    """Height and width of the images that it was made for."""
    per_pixel: ClassVar[bool] = False
    """Whether it gives classes of each pixel."""
    reads_pairs: ClassVar[bool] = False
    """Whether it makes one text of another."""
    reads_text: ClassVar[bool] = False
    """Whether it takes texts, not images."""
    reads_series: ClassVar[bool] = False
    """Whether it takes series, not images."""
    reads_tokens: ClassVar[bool] = False
    """Whether it takes sequences of tokens that it goes on with, not images."""
    advice: ClassVar[str | None] = None
    """What to do where images of some size do not fit."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers, one after another."""
        raise NotImplementedError
