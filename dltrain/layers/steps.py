"""Rows that take some steps out of a sequence, and put their gradients back."""

from __future__ import annotations

from dltrain.core.lowering import Lowering


def cut(at: Lowering, first: int) -> None:
    """Write the row that copies the steps of the output, from step `first` of the input on."""
    (x,), y = at.inputs, at.output
    start = first * (x.size // x.shape[0])
    sizes = (1, y.size, x.size, start, y.size, 0)
    at.row("copy_run", variant=(0,), reads=(x,), writes=(y,), sizes=sizes)


def put_back(at: Lowering, first: int) -> None:
    """Write the row that puts the gradient back where the steps came from, among zeros."""
    gradient = at.input_gradient()
    if gradient is None:
        return
    dy, dx = at.output_gradient, gradient.buffer
    time = dx.shape[0]
    features = dx.size // time
    if gradient.accumulate:
        place = (1, dy.size, dy.size, 0, dx.size, first * features)
        at.row("copy_run", variant=(1,), reads=(dy,), writes=(dx,), sizes=place)
    else:
        sizes = (dy.size // features, 1, features, time, 1, first, 0, 1, 1)
        at.row("pad", reads=(dy,), writes=(dx,), sizes=sizes)
