"""Run one kernel on NumPy arrays: the argument block of a single row, made by hand."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.kernels import kernel

_CALL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, *[ctypes.c_int64] * 4)


def run_kernel(
    name: str,
    operands: Sequence[NDArray[Any]],
    *,
    variant: tuple[int, ...] = (),
    sizes: Sequence[int] = (),
    numbers: Sequence[float] = (),
    samples: range | None = None,
    fixed: Sequence[int] = (),
) -> None:
    """Call a kernel on samples of arrays whose first axis is the sample.

    Operands at the positions `fixed` are the same for every sample.
    """
    words: list[int] = []
    for position, operand in enumerate(operands):
        assert operand.flags.c_contiguous
        stride = 0 if position in fixed else operand.strides[0]
        words += [operand.ctypes.data, stride, 0, 0]
    bits = [int(np.float64(value).view(np.int64)) for value in numbers]
    block = np.array([*words, *sizes, *bits], np.int64)
    span = range(len(operands[0])) if samples is None else samples
    _CALL(kernel.address_of(name, variant))(block.ctypes.data, span.start, span.stop, 0, 0)
