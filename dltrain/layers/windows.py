"""Where a sliding window stands on an axis: sizes, strides, padding, the positions they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from dltrain.core.errors import ShapeError
from dltrain.core.fields import Count, PositiveInteger
from dltrain.core.shapes import Shape

if TYPE_CHECKING:
    from dltrain.layers.base import Layer

PairField = PositiveInteger | tuple[PositiveInteger, PositiveInteger]
"""One number for both axes, or [vertical, horizontal]."""
CountPair = tuple[Count, Count]
SidesField = Annotated[
    Count | CountPair | tuple[CountPair, CountPair], Field(union_mode="left_to_right")
]
"""A number for all sides, [vertical, horizontal] or [[top, bottom], [left, right]]."""
PaddingField = Annotated[
    Literal["valid", "same"] | Count | CountPair | tuple[CountPair, CountPair],
    Field(union_mode="left_to_right"),
]
"""`valid`, `same`, zeros on all sides, [vertical, horizontal] or [[top, bottom], [left, right]]."""


@dataclass(frozen=True)
class Window:
    """One axis of a sliding window: padding before and after, and the positions it takes."""

    before: int
    after: int
    output: int


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """Give (vertical, horizontal) of a field that may be one number."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def window(
    extent: int,
    size: int,
    stride: int,
    padding: str | tuple[int, int],
    dilation: int = 1,
    *,
    ceil_mode: bool = False,
) -> Window:
    """Lay a window along an axis.

    `same` gives ceil(extent / stride) positions, an odd cell of padding at the end. With
    `ceil_mode` a last window may hang over the end, if it starts on the input or on the padding
    before it.
    """
    reach = (size - 1) * dilation + 1
    if padding == "same":
        output = -(-extent // stride)
        total = max((output - 1) * stride + reach - extent, 0)
        return Window(total // 2, total - total // 2, output)
    before, after = (0, 0) if isinstance(padding, str) else padding
    room = extent + before + after - reach
    output = room // stride + 1
    if ceil_mode and room >= 0:
        output = -(-room // stride) + 1
        if (output - 1) * stride >= extent + before:
            output -= 1
        after = max(after, (output - 1) * stride + reach - extent - before)
    return Window(before, after, output)


def transposed_window(
    extent: int,
    size: int,
    stride: int,
    padding: str | tuple[int, int],
    dilation: int = 1,
    *,
    added: int | None = None,
) -> Window:
    """Lay the windows of a transposed convolution, one for each of `extent` cells, over its output.

    `output` counts the cells of the output, `before` and `after` those that windows reach around
    it. `added` cells stand at the end; None makes the output `extent` strides long, or longer where
    `valid` windows reach farther.
    """
    reach = (size - 1) * dilation + 1
    covered = (extent - 1) * stride + reach
    if not isinstance(padding, str):
        before, output = padding[0], covered - sum(padding) + (added or 0)
    elif padding == "same":
        # What a convolution with `same` leads from; with `added`, Keras cuts off half a kernel.
        output = extent * stride if added is None else covered - reach // 2 * 2 + added
        before = max(covered - output, 0) // 2
    else:
        before, output = 0, max(covered, extent * stride) if added is None else covered + added
    return Window(before, max(covered - output - before, 0), output)


def window_2d(
    shape: Shape,
    size: int | tuple[int, int],
    strides: tuple[int, int],
    padding: Any,
    dilation: tuple[int, int] = (1, 1),
    *,
    ceil_mode: bool = False,
    layer: Layer,
) -> tuple[Window, Window]:
    """Lay a window over an image; raises ShapeError when it does not fit."""
    around = sides(padding)
    high, wide = (
        window(shape[axis], pair(size)[axis], strides[axis], around[axis], dilation[axis],
               ceil_mode=ceil_mode)
        for axis in (0, 1)
    )  # fmt: skip
    if high.output < 1 or wide.output < 1:
        reach = [(extent - 1) * step + 1 for extent, step in zip(pair(size), dilation, strict=True)]
        message = (
            f"{layer.type_name}'s window of {reach[0]}x{reach[1]} is larger than its input of "
            f"{shape[0]}x{shape[1]}"
        )
        field = "kernel_size" if hasattr(layer, "kernel_size") else "pool_size"
        hint = f"use a smaller {field}, `padding: same`, or fewer layers that shrink the image"
        raise ShapeError(message, field=field, hint=hint)
    return high, wide


def sides(padding: Any) -> tuple[Any, Any]:
    """Spell padding out for each axis: a name, or (before, after)."""
    if isinstance(padding, str):
        return padding, padding
    vertical, horizontal = (padding, padding) if isinstance(padding, int) else padding
    return tuple(
        (side, side) if isinstance(side, int) else tuple(side) for side in (vertical, horizontal)
    )  # type: ignore[return-value]
