"""The way to the compiled loop and to the C functions it calls; nothing above imports Numba."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

COUNTER_WORDS = 16
"""Words of one phase's counters."""


@cache
def execute() -> Any:
    """Give the compiled loop."""
    from dltrain.kernels.executor import execute as compiled

    return compiled()


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
