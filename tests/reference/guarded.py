"""Arrays whose samples stand between guards: numbers that no kernel may change."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dltrain.kernels import kernel

ROOM = 160
"""Guards in front of and behind everything: kernels may read that far, never write."""
GUARD = np.float32(12345)
_CALL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, *[ctypes.c_int64] * 4)


class Guarded:
    """Samples, or one array for all of them where `fixed`; `gap` guards stand between samples."""

    def __init__(self, values: NDArray[np.float32], *, fixed: bool = False, gap: int = 0) -> None:
        self._shape, count = values.shape, 1 if fixed else len(values)
        size = values.size // count
        self._all = np.full(2 * ROOM + count * (size + gap), GUARD)
        is_own = np.zeros(self._all.shape, bool)
        is_own[ROOM : ROOM + count * (size + gap)].reshape(count, -1)[:, :size] = True
        self._own, self._guards = np.flatnonzero(is_own), np.flatnonzero(~is_own)
        self._all[self._own] = values.ravel()
        stride = 0 if fixed else 4 * (size + gap)
        self.words = (self._all.ctypes.data + 4 * ROOM, stride, 0, 0)

    @property
    def values(self) -> NDArray[np.float32]:
        """What the samples are now."""
        return self._all[self._own].reshape(self._shape)

    @property
    def is_unharmed(self) -> bool:
        """Whether every guard is what it was."""
        return bool((self._all[self._guards] == GUARD).all())


def call(
    name: str,
    variant: tuple[int, ...],
    operands: Sequence[Guarded],
    sizes: Sequence[int],
    span: range,
) -> None:
    """Run a kernel on samples `span` of its operands."""
    words = [word for operand in operands for word in operand.words]
    block = np.array([*words, *sizes], np.int64)
    _CALL(kernel.address_of(name, variant))(block.ctypes.data, span.start, span.stop, 0, 0)
