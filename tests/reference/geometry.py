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
