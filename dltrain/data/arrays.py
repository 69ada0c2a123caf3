"""Arrays from files as samples: which axis is what, and what values are divided by."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.core.shapes import Shape
from dltrain.data.scaling import divisor_of
from dltrain.data.stores import ArrayStore


def sample_shape(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Shape:
    """Give the shape of one sample of an array [n, ...].

    8 and 16-bit arrays [n, height, width] are gray images and get a channel axis; of other types
    [n, time, features] are sequences; [n] are vectors of one feature.
    """
    if len(shape) == 3 and divisor_of(dtype) is not None:
        return (*shape[1:], 1)
    return shape[1:] or (1,)


def value_bytes(dtype: np.dtype[Any]) -> int:
    """Give the bytes of a value as `array_store` keeps it."""
    return 4 if divisor_of(dtype) is None else dtype.itemsize


def array_store(x: NDArray[Any], *, at: str) -> ArrayStore:
    """Keep 8 and 16-bit arrays as they are, all others as float32."""
    if x.dtype.kind not in "biuf" or x.ndim == 0:
        raise DataError(f"samples must be numbers, one row each, not {x.dtype}", at=at)
    if x.size == 0:
        raise DataError(f"there are no samples: the array has shape {x.shape}", at=at)
    x = x.reshape(len(x), *sample_shape(x.shape, x.dtype))
    divisor = divisor_of(x.dtype)
    if divisor is None:
        x = x.astype(np.float32, copy=False)
        check_finite(x, at=at)
    return ArrayStore(np.ascontiguousarray(x), divisor)


def check_finite(x: NDArray[Any], *, at: str) -> None:
    """Raise DataError, naming the first such sample, where a value is NaN or infinite."""
    finite = np.isfinite(x).reshape(len(x), -1).all(axis=1)
    if not finite.all():
        raise DataError(
            f"sample {int(np.argmin(finite))} holds a value that is not finite "
            f"({int((~finite).sum()):,} of {len(x):,} samples do)",
            at=at,
        )
