"""Targets that are maps of their images: a label for each pixel, moved and resized with it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import ShapeError
from dltrain.core.shapes import Shape, describe

_SMALL = np.iinfo(np.int16).max


def is_map(labels: bool, target: Shape, image: Shape) -> bool:
    """Tell whether targets of a shape are maps of images of a shape."""
    return labels and len(image) == 3 and target == image[:2]


def as_map_type(labels: NDArray[Any]) -> NDArray[Any]:
    """Keep labels of pixels in 16 bits where they fit: there are many, and most are small."""
    fits = not labels.size or (labels.min() >= -_SMALL and labels.max() <= _SMALL)
    return labels.astype(np.int16 if fits else np.int32)


def resized_labels(labels: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Bring maps [n, height, width] to a size; each pixel gets the label of the nearest one."""
    rows, columns = (
        (np.arange(new) + 0.5) * old / new for new, old in zip(size, labels.shape[1:], strict=True)
    )
    return labels[:, rows.astype(np.intp)[:, np.newaxis], columns.astype(np.intp)]


def check_stays(target: Shape, image: Shape, what: str) -> None:
    """Raise ShapeError where images are changed by what their targets cannot follow."""
    if len(target) < 2:
        return
    raise ShapeError(
        f"{what} changes images of shape {describe(image)}, but not their targets of shape "
        f"{describe(target)}",
        hint="only a map of labels as large as its image is changed with it",
    )
