"""Colour images made gray."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import ShapeError
from dltrain.core.shapes import Shape, describe
from dltrain.data.transforms.base import Transform

_WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)


class Grayscale(Transform):
    """Turn red, green and blue into one channel, 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601)."""

    on_pixels: ClassVar[bool] = True

    def output_shape(self, shape: Shape) -> Shape:
        """Give (height, width, 1)."""
        if len(shape) != 3 or shape[2] not in (1, 3):
            raise ShapeError(
                "grayscale takes images of 1 or 3 channels, but the samples have shape "
                + describe(shape)
            )
        return (*shape[:2], 1)

    def apply(self, x: NDArray[Any]) -> NDArray[Any]:
        """Weigh the channels; whole numbers stay whole numbers, rounded."""
        if x.shape[3] == 1:
            return x
        gray = (x.astype(np.float32) @ _WEIGHTS)[..., np.newaxis]
        whole = np.issubdtype(x.dtype, np.integer)
        return np.asarray(np.rint(gray) if whole else gray, x.dtype)
