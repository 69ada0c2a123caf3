"""bfloat16 in NumPy: rounding by the bits, and words of two numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.core.lowering import Precision, Target
from dltrain.engine.target import host

Array = NDArray[Any]
needs_bfloat16 = pytest.mark.skipif(not host().bfloat16, reason="this CPU has no AVX512-BF16")
TARGETS = [
    Target(4, 32, bfloat16=True),
    Target(8, 16, bfloat16=True),
    Target(16, 32, bfloat16=True),
]
at_every_width = pytest.mark.parametrize("target", TARGETS, ids=lambda target: str(target.width))


def rounded(x: Array) -> NDArray[np.float32]:
    """Round float32 to the nearest number of 16 bits, to the even one of two as near."""
    x = np.asarray(x, np.float32)
    bits = x.view(np.uint32).astype(np.uint64)
    upper = bits >> 16
    rest = bits & 0xFFFF
    up = (rest > 0x8000) | ((rest == 0x8000) & (upper % 2 == 1))
    result = ((upper + up) << 16).astype(np.uint32).view(np.float32)
    tiny = np.abs(x) < np.finfo(np.float32).tiny
    return np.where(np.isnan(x), np.float32(np.nan), np.where(tiny, np.copysign(0, x), result))


def exact(x: Array, precision: Precision) -> NDArray[np.float32]:
    """Give numbers that rounding to a precision leaves alone."""
    return rounded(x) if precision == "bfloat16" else x


def words(low: Array, high: Array) -> NDArray[np.float32]:
    """Put two numbers, rounded, into each word; words are shown as float32."""
    low_bits, high_bits = (rounded(part).view(np.uint32) for part in (low, high))
    return (high_bits | low_bits >> 16).view(np.float32)


def channel_words(x: Array) -> NDArray[np.float32]:
    """Put two neighbours along the last axis into each word, a last odd one beside zero."""
    if x.shape[-1] % 2:
        x = np.concatenate([x, np.zeros((*x.shape[:-1], 1), np.float32)], -1)
    return words(x[..., ::2], x[..., 1::2])


def assert_same_words(found: Array, wanted: Array) -> None:
    """Compare words bit for bit, NaN for NaN."""
    for part in (0, 16):
        one, other = (
            ((array.view(np.uint32) >> part) << 16).view(np.float32) for array in (found, wanted)
        )
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(np.signbit(one[one == 0]), np.signbit(other[other == 0]))
