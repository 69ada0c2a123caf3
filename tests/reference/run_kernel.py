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
    one_by_one: bool = False,
) -> None:
    """Call a kernel on samples of arrays whose first axis is the sample, once or one by one.

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
    step = 1 if one_by_one else max(len(span), 1)
    for first in range(span.start, span.stop, step):
        call = _CALL(kernel.address_of(name, variant))
        call(block.ctypes.data, first, first + step, 0, 0)
