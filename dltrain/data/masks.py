"""Mask files: images whose pixels are numbers of classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.core.labels import VOID
from dltrain.data.images import SUFFIXES, opened, read_header

MASK_SUFFIXES = SUFFIXES - {".jpg", ".jpeg"}
"""What may hold a mask: not JPEG, which changes numbers."""
_READERS = 4
_MOST = 32767
"""Classes that 16 bits can number."""
_NONE = -2
Numbering = Callable[[NDArray[Any], Path], NDArray[Any]]
"""Turns what a mask's file holds into numbers of classes."""


def read_mask(path: Path) -> NDArray[np.int32]:
    """Read the numbers [height, width] of a mask: gray values, or indices of its palette.

    Raises: DataError, naming the file, if it is absent, damaged, or has colours.
    """
    with opened(path) as image:
        values = np.asarray(image)
        if values.ndim == 3 and (values == values[..., :1]).all():
            values = values[..., 0]
        if values.ndim != 2 or values.dtype.kind not in "biu" or values.min() < 0:
            raise DataError(
                f"a mask holds one whole number for each pixel, but this image is {image.mode}",
                at=str(path),
                hint="save the numbers of the classes as a gray or palette PNG",
            )
    return values.astype(np.int32)


def read_masks(pairs: Sequence[tuple[Path, Path]], numbered: Numbering) -> list[NDArray[Any]]:
    """Read the masks of images, each of its image's size; `numbered` makes classes of them."""

    def read(pair: tuple[Path, Path]) -> NDArray[Any]:
        image, path = pair
        mask, header = read_mask(path), read_header(image)
        if mask.shape != (header.height, header.width):
            raise DataError(
                f"the mask has {mask.shape[1]} x {mask.shape[0]} pixels, but its image "
                f"{image.name} has {header.width} x {header.height}",
                at=str(path),
            )
        return numbered(mask, path)

    # Decoding lets other threads run; results come in order, and so does the first error.
    with ThreadPoolExecutor(_READERS) as pool:
        return list(pool.map(read, pairs))


def by_values(values: Sequence[int] | None, ignored: int | None) -> Numbering:
    """Give what turns the values of pixels into numbers of classes, VOID where ignored.

    Without `values` they are the numbers themselves.
    """
    known = range(_MOST) if values is None else values
    table = np.full(max(*known, ignored or 0) + 2, _NONE, np.int16)
    table[list(known)] = np.arange(len(known), dtype=np.int16)
    if ignored is not None:
        table[ignored] = VOID

    def numbered(mask: NDArray[Any], path: Path) -> NDArray[Any]:
        # The last entry of the table is that of all larger values.
        numbers: NDArray[Any] = table[np.minimum(mask, len(table) - 1)]
        if (numbers == _NONE).any():
            wrong = int(mask[numbers == _NONE][0])
            raise DataError(
                f"{wrong} is the value of no class",
                at=str(path),
                hint="add it to `classes`, or leave its pixels out with `ignore_class`",
            )
        return numbers

    return numbered
