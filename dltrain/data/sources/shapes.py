"""Drawings of shapes with the class of every pixel."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dltrain.core.fields import PositiveInteger
from dltrain.data.drawn_shapes import CLASSES, draw
from dltrain.data.parts import Part, Reading, Stored
from dltrain.data.samples import DataFacts
from dltrain.data.sources.base import Dataset
from dltrain.data.stores import ArrayStore

_TEST_SHARE = 4
"""Training samples for each test sample."""


class Shapes(Dataset):
    """Discs, squares and triangles on noisy ground, drawn anew, with the class of every pixel.

    To try networks that answer for each pixel; a quarter as many images are drawn for test.
    """

    samples: PositiveInteger = 400
    """Images for training."""
    size: Annotated[int, Field(strict=True, ge=8, le=512)] = 32
    """Height and width in pixels."""

    def stored_facts(self, seed: int) -> DataFacts:
        """Tell what will be drawn."""
        shape = (self.size, self.size, 3)
        return DataFacts(shape, len(CLASSES), CLASSES, "labels", shape[:2], self._counts())

    def read(self, reading: Reading) -> Stored:
        """Draw the images; those for test are none of those for training."""
        parts, first = {}, 0
        for split, count in self._counts().items():
            images, labels = draw(first, count, self.size)
            parts[split] = Part(ArrayStore(images, divisor=255.0), labels)
            first += count
        return Stored(parts, CLASSES)

    def _counts(self) -> dict[str, int]:
        return {"train": self.samples, "test": max(1, self.samples // _TEST_SHARE)}
