"""The way to the loop that runs a table, and to the C functions that it calls."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

COUNTER_WORDS = 16
"""Words of one phase's counters."""
WORDS = 13
"""Words that tell the loop what to do: see the kernel `execute`."""
KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, *[ctypes.c_int64] * 4)
"""How C calls a kernel: the argument block's address, first, last, lane, thread."""


@cache
def execute() -> Callable[[int, int, int, int, int], None]:
    """Give the loop; calling it releases Python's lock."""
    from dltrain.kernels import kernel

    return KERNEL(kernel.address_of("execute", ()))


@cache
def yield_address() -> int:
    """Give the address of the C function that offers the processor to other threads."""
    if sys.platform == "win32":
        function: Any = ctypes.windll.kernel32.SwitchToThread
    else:
        function = ctypes.CDLL(None).sched_yield
    return ctypes.cast(function, ctypes.c_void_p).value or 0


@cache
def clock_address() -> int:
    """Give the address of `clock_gettime`, for profiles; 0 where the system has none."""
    if sys.platform == "win32":
        return 0
    return ctypes.cast(ctypes.CDLL(None).clock_gettime, ctypes.c_void_p).value or 0
