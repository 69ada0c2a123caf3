"""Whole numbers in kernels: Numba's `min`, `max` and stepped `range` can raise, these cannot."""

from __future__ import annotations

from dltrain.kernels.kernel import device


@device
def smaller(a, b):  # type: ignore[no-untyped-def]
    """Give the smaller of two integers."""
    return a if a < b else b


@device
def larger_of(a, b):  # type: ignore[no-untyped-def]
    """Give the larger of two integers."""
    return a if a > b else b
