"""Rows that multiply: by another value of the same shape, or by one number for each channel."""

from __future__ import annotations

from dltrain.core.lowering import Buffer, Gradient, Lowering


def write_product(
    at: Lowering, a: Buffer, b: Buffer, y: Buffer, *, accumulate: bool = False
) -> None:
    """Write the row of y = a * b, where b may have fewer numbers: those of the last axes of a."""
    at.row(
        "multiply_forward",
        variant=(int(b.size != a.size), int(accumulate)),
        reads=(a, b),
        writes=(y,),
        sizes=(a.size // b.size, b.size),
    )


def write_sums(at: Lowering, a: Buffer, b: Buffer, sums: Gradient) -> None:
    """Write the row that sums a * b for each channel: the gradient of what multiplied them."""
    channels = sums.buffer.size
    at.row(
        "multiply_sum",
        variant=(int(sums.accumulate),),
        reads=(a, b),
        writes=(sums.buffer,),
        sizes=(a.size // channels, channels),
    )
