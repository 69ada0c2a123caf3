"""Memory that kernels may touch: aligned to a cache line, with slack behind for vector reads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LINE = 64
"""Bytes of a cache line; also of the widest vector."""
SLACK = 512
"""Bytes behind every array that a vector load may read (never write)."""


def aligned_bytes(size: int) -> NDArray[np.uint8]:
    """Give `size` zero bytes at a cache line's start, with slack behind them."""
    raw = np.zeros(size + SLACK + LINE, np.uint8)
    offset = -raw.ctypes.data % LINE
    return raw[offset : offset + size]


def aligned_floats(count: int) -> NDArray[np.float32]:
    """Give `count` float32 zeros at a cache line's start, with slack behind them."""
    return aligned_bytes(count * 4).view(np.float32)


def rounded(size: int) -> int:
    """Round a size in bytes up to whole cache lines."""
    return -(-size // LINE) * LINE
