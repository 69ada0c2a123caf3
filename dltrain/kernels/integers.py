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


@device
def steps(count, size):  # type: ignore[no-untyped-def]
    """Count the parts of a size, the last one smaller, that make up a count."""
    return (count + size - 1) // size


@device
def extents(shared, first, last, rows):  # type: ignore[no-untyped-def]
    """Give the first and last + 1 sample, and those of the rows of each.

    [first, last) are samples, of which all rows are wanted, or rows of one sample that is `shared`.
    """
    if shared:
        return 0, 1, first, last
    return first, last, 0, rows
