"""Where the samples of a split are kept: in one array, or in image files."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.core.shapes import Shape
from dltrain.data.images import read_image
from dltrain.data.transforms.base import Transform

MEMORY_BUDGET = 1 << 30
"""Bytes of decoded images that a split may keep in memory; a larger one is read batch by batch."""

_CHUNK = 256
_READERS = 4


class Store(Protocol):
    """Samples as they were stored, before they are scaled to what the network sees."""

    @property
    def shape(self) -> Shape:
        """The shape of one sample."""

    @property
    def divisor(self) -> float | None:
        """What stored values are divided by; None where they are taken as they are."""

    def __len__(self) -> int:
        """Count the samples."""

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Copy samples out, [n, ...]; any thread may do so."""

    def prepared(self, transforms: tuple[Transform, ...]) -> Store:
        """Give a store whose samples went through transforms that work on pixels."""


@dataclass(frozen=True)
class ArrayStore:
    """Samples in one array [n, ...]."""

    array: NDArray[Any]
    divisor: float | None = None

    @property
    def shape(self) -> Shape:
        """The shape of one sample."""
        return self.array.shape[1:]

    def __len__(self) -> int:
        """Count the samples."""
        return len(self.array)

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Copy rows of the array."""
        return np.take(self.array, rows, axis=0)

    def prepared(self, transforms: tuple[Transform, ...]) -> ArrayStore:
        """Apply transforms once, to all samples."""
        if not transforms:
            return self
        pieces = (self.array[start : start + _CHUNK] for start in range(0, len(self), _CHUNK))
        shape = shape_after(transforms, self.shape)
        array = np.empty((len(self), *shape), self.array.dtype)
        return replace(self, array=_fill(array, (apply(transforms, piece) for piece in pieces)))


@dataclass(frozen=True)
class ImageStore:
    """Samples in image files, each read when it is asked for."""

    paths: tuple[Path, ...]
    source_shape: Shape
    """Height, width and channels of the files; with a resize, of the first of them."""
    deep: bool = False
    """Whether values have 16 bits."""
    transforms: tuple[Transform, ...] = ()

    @property
    def shape(self) -> Shape:
        """The shape of one sample."""
        return shape_after(self.transforms, self.source_shape)

    @property
    def divisor(self) -> float:
        """The largest value of a pixel."""
        return 65535.0 if self.deep else 255.0

    def __len__(self) -> int:
        """Count the files."""
        return len(self.paths)

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Read images from their files."""
        images = np.empty((len(rows), *self.shape), np.uint16 if self.deep else np.uint8)
        return _fill(images, (self._read(self.paths[row]) for row in rows))

    def prepared(self, transforms: tuple[Transform, ...]) -> Store:
        """Add transforms; read all the images now if they fit into memory."""
        store = replace(self, transforms=transforms)
        if len(self) * prod(store.shape) * (2 if self.deep else 1) > MEMORY_BUDGET:
            return store
        images = np.empty((len(self), *store.shape), np.uint16 if self.deep else np.uint8)
        # Decoding lets other threads run; results come in order, and so does the first error.
        with ThreadPoolExecutor(_READERS) as pool:
            _fill(images, pool.map(store._read, self.paths))
        return ArrayStore(images, self.divisor)

    def _read(self, path: Path) -> NDArray[Any]:
        image = read_image(path, self.source_shape[2], deep=self.deep)
        if not any(transform.fixes_size for transform in self.transforms):
            check_size(path, image.shape, self.source_shape)
        return apply(self.transforms, image[np.newaxis])


def shape_after(transforms: tuple[Transform, ...], shape: Shape) -> Shape:
    """Give the shape of samples that went through transforms."""
    for transform in transforms:
        shape = transform.output_shape(shape)
    return shape


def apply(transforms: tuple[Transform, ...], x: NDArray[Any]) -> NDArray[Any]:
    """Put a batch through transforms."""
    for transform in transforms:
        x = transform.apply(x)
    return x


def check_size(path: Path, found: Shape, wanted: Shape) -> None:
    """Raise DataError, naming both sizes, unless an image has the size of the others."""
    if found[:2] == wanted[:2]:
        return
    raise DataError(
        f"the image has {found[1]} x {found[0]} pixels, where {wanted[1]} x {wanted[0]} are wanted",
        at=str(path),
        hint="`transforms: [{type: resize, size: [height, width]}]` brings images to one size",
    )


def _fill(array: NDArray[Any], pieces: Iterable[NDArray[Any]]) -> NDArray[Any]:
    start = 0
    for piece in pieces:
        array[start : start + len(piece)] = piece
        start += len(piece)
    return array
