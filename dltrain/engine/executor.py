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
def address(name: str) -> int:
    """Give the address of a kernel without variants."""
    from dltrain.kernels import kernel

    return kernel.address_of(name, ())


@cache
def kernel(name: str) -> Callable[[int, int, int, int, int], None]:
    """Give a kernel without variants as a function; calling it releases Python's lock."""
    return KERNEL(address(name))


def execute() -> Callable[[int, int, int, int, int], None]:
    """Give the loop that runs a table."""
    return kernel("execute")


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
