"""The layer that multiplies its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from dltrain.core.errors import ShapeError
from dltrain.core.lowering import Buffer, Gradient, Lowering
from dltrain.core.shapes import Shape, describe, size_of
from dltrain.layers.base import Layer
from dltrain.layers.products import write_product, write_sums


class Multiply(Layer):
    """Multiply inputs element by element. An input may come more than once.

    Shapes: all alike; or some of (channels,) or (1, 1, channels), whose numbers count for every
    pixel, or every step in time, of the others.
    Raises: ShapeError for other shapes.
    """

    keeps_mask: ClassVar[bool] = True
    stepwise: ClassVar[bool] = True
    joins: ClassVar[bool] = True

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the largest shape; other inputs have it too, or one number for each channel."""
        whole = max(inputs, key=lambda shape: (size_of(shape), len(shape)))
        if all(shape == whole or _is_spread(shape, whole) for shape in inputs):
            return whole
        came = " and ".join(describe(shape) for shape in dict.fromkeys(inputs))
        message = (
            "a product takes inputs of one shape, or with one number for each channel, but "
            f"receives {came}"
        )
        hint = "give the branches the same filters or units, strides and padding"
        raise ShapeError(message, hint=hint)

    def forward(self, at: Lowering) -> None:
        """Write a row for each input after the first."""
        product, *rest = sorted(at.inputs, key=lambda value: -value.size)
        if not rest:
            sizes = (1, product.size)
            at.row("linear_forward", reads=(product,), writes=(at.output,), sizes=sizes)
        for value in rest:
            write_product(at, product, value, at.output)
            product = at.output

    def backward(self, at: Lowering) -> None:
        """Write the rows of each input's gradient."""
        for index in range(len(at.inputs)):
            gradient = at.input_gradient(index)
            if gradient is not None:
                others = at.inputs[:index] + at.inputs[index + 1 :]
                _write_gradient(at, others, gradient)


def _write_gradient(at: Lowering, others: Sequence[Buffer], gradient: Gradient) -> None:
    """Write dx = dy * the other inputs, summed where x had one number for each channel."""
    dy, dx, accumulate = at.output_gradient, gradient.buffer, gradient.accumulate
    if not others:
        sizes, variant = (1, dy.size), (int(accumulate),)
        at.row("linear_backward", variant=variant, reads=(dy, dy), writes=(dx,), sizes=sizes)
        return
    # The sum needs a whole one last; where x has one number for each channel, another is whole.
    *rest, last = sorted(others, key=lambda value: value.size)
    product = dy
    for value in rest:
        partial = at.scratch(dy.shape) if product is dy else product
        write_product(at, product, value, partial)
        product = partial
    if dx.size != dy.size:
        write_sums(at, product, last, gradient)
    else:
        write_product(at, product, last, dx, accumulate=accumulate)


def _is_spread(shape: Shape, whole: Shape) -> bool:
    """Tell whether an input has one number for each channel of a larger one."""
    return shape[-1:] == whole[-1:] and size_of(shape) == size_of(whole[-1:])
