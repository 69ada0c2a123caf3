"""Rows that leave out whole channels or samples: they draw factors, 0 or a scale, and multiply."""

from __future__ import annotations

from dltrain.core.lowering import Buffer, Lowering
from dltrain.layers.products import write_product

TWO_TO_32 = 2**32


def write_forward(at: Lowering, count: int, rate: float) -> None:
    """Write the rows of y = x times `count` factors of each sample, those of the last axes of x."""
    write_product(at, at.inputs[0], _drawn(at, count, rate), at.output)


def write_backward(at: Lowering, count: int, rate: float) -> None:
    """Write the rows of dx: the factors are drawn again, so that nothing is kept."""
    gradient = at.input_gradient()
    if gradient is not None:
        factors = _drawn(at, count, rate)
        dx, accumulate = gradient.buffer, gradient.accumulate
        write_product(at, at.output_gradient, factors, dx, accumulate=accumulate)


def _drawn(at: Lowering, count: int, rate: float) -> Buffer:
    factors = at.scratch((count,))
    at.row(
        "dropout_factors",
        reads=(at.cells,),
        writes=(factors,),
        sizes=(count, at.seed()),
        numbers=(float(round(rate * TWO_TO_32)), 1 / (1 - rate)),
    )
    return factors
