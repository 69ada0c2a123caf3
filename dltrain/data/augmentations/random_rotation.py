"""Images turned at random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from dltrain.core.labels import VOID
from dltrain.data.augmentations.base import Augmentation

_PIXELS_AT_ONCE = 1 << 16
"""So many that the temporary arrays stay in the cache."""
_Turning = Callable[[NDArray[Any], NDArray[np.float64]], NDArray[Any]]


class RandomRotation(Augmentation):
    """Turn an image about its centre by a random angle; what comes in from outside is black.

    Values between pixels are found bilinearly.
    """

    draws: ClassVar[int] = 1

    degrees: Annotated[float, Field(strict=True, gt=0, le=180)]
    """The largest angle, either way."""

    def apply(self, x: NDArray[Any], draws: NDArray[np.float64]) -> NDArray[Any]:
        """Turn every image counterclockwise by its own angle in [-degrees, degrees)."""
        return self._by_groups(_turned, x, draws)

    def apply_to_labels(self, labels: NDArray[Any], draws: NDArray[np.float64]) -> NDArray[Any]:
        """Turn maps of labels; each pixel gets the label of the nearest one."""
        return self._by_groups(_turned_labels, labels, draws)

    def _by_groups(
        self, turned: _Turning, x: NDArray[Any], draws: NDArray[np.float64]
    ) -> NDArray[Any]:
        angles = np.radians((2 * draws[:, 0] - 1) * self.degrees)
        group = max(1, _PIXELS_AT_ONCE // (x.shape[1] * x.shape[2]))
        for start in range(0, len(x), group):
            part = x[start : start + group]
            part[...] = turned(part, angles[start : start + group])
        return x


def _turned_labels(labels: NDArray[Any], angles: NDArray[np.float64]) -> NDArray[Any]:
    count, height, width = labels.shape
    rows, columns = (np.rint(each).astype(np.intp) for each in _sources(height, width, angles))
    padded = np.pad(labels, ((0, 0), (1, 1), (1, 1)), constant_values=VOID)
    turned: NDArray[Any] = padded[
        np.arange(count)[:, np.newaxis, np.newaxis], rows + 1, columns + 1
    ]
    return turned


def _turned(x: NDArray[Any], angles: NDArray[np.float64]) -> NDArray[Any]:
    count, height, width, channels = x.shape
    rows, columns = _sources(height, width, angles)
    top, left = np.floor(rows), np.floor(columns)
    down, right = (rows - top)[..., np.newaxis], (columns - left)[..., np.newaxis]
    # One black pixel before and two behind: every position, clipped, has four neighbours.
    padded = np.zeros((count, height + 3, width + 3, channels), np.float32)
    padded[:, 1:-2, 1:-2] = x
    pixels, pitch = padded.reshape(-1, channels), width + 3
    first = (np.arange(count) * (height + 3) * pitch)[:, np.newaxis, np.newaxis]
    corner = first + (top.astype(np.intp) + 1) * pitch + left.astype(np.intp) + 1
    upper = _between(pixels[corner], pixels[corner + 1], right)
    lower = _between(pixels[corner + pitch], pixels[corner + pitch + 1], right)
    turned = _between(upper, lower, down)
    return np.rint(turned) if np.issubdtype(x.dtype, np.integer) else turned


def _sources(
    height: int, width: int, angles: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Find where each pixel of a turned image comes from, as rows and columns [n, h, w]."""
    cosine = np.cos(angles).astype(np.float32)[:, np.newaxis, np.newaxis]
    sine = np.sin(angles).astype(np.float32)[:, np.newaxis, np.newaxis]
    middle_row, middle_column = (height - 1) / 2, (width - 1) / 2
    row = np.arange(height, dtype=np.float32)[:, np.newaxis] - np.float32(middle_row)
    column = np.arange(width, dtype=np.float32) - np.float32(middle_column)
    rows = cosine * row + sine * column + np.float32(middle_row)
    columns = cosine * column - sine * row + np.float32(middle_column)
    return np.clip(rows, -1, height), np.clip(columns, -1, width)


def _between(a: NDArray[Any], b: NDArray[Any], share: NDArray[Any]) -> NDArray[Any]:
    mixed: NDArray[Any] = a + (b - a) * share
    return mixed
