"""Where windows fit: the shape rules of convolutions and poolings, written a second time."""

from __future__ import annotations

from typing import Any

Shape = tuple[int, ...]


def window_output(
    extent: int, size: int, stride: int, padding: str | tuple[int, int], *,
    dilation: int = 1, ceil_mode: bool = False,
) -> int:  # fmt: skip
    """Count the windows along one axis; less than 1 where none fits."""
    if padding == "same":
        return -(-extent // stride)
    before, after = (0, 0) if isinstance(padding, str) else padding
    room = extent + before + after - dilation * (size - 1) - 1
    if room < 0:
        return 0
    if not ceil_mode:
        return room // stride + 1
    count = -(-room // stride) + 1
    # A window that would begin in the padding behind the input is left out.
    return count - 1 if (count - 1) * stride >= extent + before else count


def extents(
    shape: Shape, size: Shape, strides: Shape, padding: Any, *,
    dilation: Shape = (1, 1), ceil_mode: bool = False,
) -> Shape:  # fmt: skip
    """Count the windows along height and width."""
    sides = both_sides(padding)
    counts = []
    for axis in range(2):
        side = sides if isinstance(sides, str) else sides[axis]
        lengths = (shape[axis], size[axis], strides[axis], side)
        counts.append(window_output(*lengths, dilation=dilation[axis], ceil_mode=ceil_mode))
    return tuple(counts)


def before_and_after(
    extent: int, size: int, stride: int, padding: str | tuple[int, int], *,
    dilation: int = 1, ceil_mode: bool = False,
) -> tuple[int, int]:  # fmt: skip
    """Count the cells to add around one axis so that windows cover it; negative ones are cut."""
    count = window_output(extent, size, stride, padding, dilation=dilation, ceil_mode=ceil_mode)
    covered = (count - 1) * stride + dilation * (size - 1) + 1
    if padding == "same":
        # Where an odd number of cells is missing, the extra one stands at the end.
        before = max(covered - extent, 0) // 2
    else:
        before = 0 if isinstance(padding, str) else padding[0]
    return before, covered - extent - before


def both_sides(padding: Any) -> Any:
    """Spell out padding as a name, or as ((top, bottom), (left, right))."""
    if isinstance(padding, str):
        return padding
    if isinstance(padding, int):
        return (padding, padding), (padding, padding)
    return tuple((side, side) if isinstance(side, int) else tuple(side) for side in padding)


def transposed(
    extent: int, size: int, stride: int, padding: str | tuple[int, int], *,
    dilation: int = 1, added: int | None = None,
) -> tuple[int, int]:  # fmt: skip
    """Give what a transposed convolution cuts off the start of one axis, and what it leaves."""
    reach = dilation * (size - 1) + 1
    if not isinstance(padding, str):
        return padding[0], (extent - 1) * stride + reach - sum(padding) + (added or 0)
    if padding == "valid":
        more = max(stride - reach, 0) if added is None else added
        return 0, (extent - 1) * stride + reach + more
    if added is None:
        return max(reach - stride, 0) // 2, extent * stride
    return max(reach // 2 * 2 - added, 0) // 2, (extent - 1) * stride + reach % 2 + added


def with_padding(shape: Shape, padding: Any, around: Any) -> tuple[int, int]:
    """Count the cells of height and width (axes 1, 2) before and on the image and its padding.

    `around` is what windows reach; behind the padding it is more where a last window hangs over.
    """
    sides = both_sides(padding)
    if isinstance(sides, str):
        sides = around if sides == "same" else ((0, 0), (0, 0))
    high, wide = (extent + sum(side) for extent, side in zip(shape[1:3], sides, strict=True))
    return high, wide
