"""The geometry of one pooling, and the rows that carry it out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from dltrain.core.errors import ShapeError
from dltrain.core.fields import Count
from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.sharing import Sharing
from dltrain.layers.windows import CountPair, Window, sides, window

if TYPE_CHECKING:
    from dltrain.layers.base import Layer

Pair = tuple[int, int]
PaddingField1D = Annotated[
    Literal["valid", "same"] | Count | CountPair, Field(union_mode="left_to_right")
]
"""`valid`, `same`, steps on both sides, or [before, after]."""

CELL_WORK = 8
"""Multiply-adds that take as long as the comparison of one cell."""
BYTE_CODES = 254
"""Cells of a window whose number fits a byte; the fused kernel keeps the last for itself."""


@dataclass(frozen=True)
class Pooling:
    """Sizes of a pooling over one image; all pairs are (vertical, horizontal)."""

    input: Pair
    channels: int
    size: Pair
    strides: Pair
    before: Pair
    output: Pair
    counted: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Cells of the padding that count in a mean: top, left, bottom, right."""

    @classmethod
    def laid(cls, shape: Shape, size: Pair, strides: Pair, axes: tuple[Window, Window]) -> Pooling:
        """Put windows over an image."""
        high, wide = axes
        before, output = (high.before, wide.before), (high.output, wide.output)
        return cls((shape[0], shape[1]), shape[2], size, strides, before, output)

    @classmethod
    def whole(cls, shape: Shape) -> Pooling:
        """Put one window over a whole image, or over a whole sequence."""
        size = (shape[0], shape[1]) if len(shape) == 3 else (1, shape[0])
        return cls(size, shape[-1], size, size, (0, 0), (1, 1))

    def including(self, padding: Any) -> Pooling:
        """Count the padding in means, but never what a last window of `ceil_mode` hangs over."""
        if padding == "valid":
            return self
        behind: tuple[int, ...] = self.size
        if padding != "same":
            behind = tuple(after for _, after in sides(padding))
        return replace(self, counted=(*self.before, behind[0], behind[1]))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Give the sizes that the kernels of `pooling` read."""
        image = (*self.input, self.channels, *self.output)
        return (*image, *self.size, *self.strides, *self.before)

    @property
    def is_tiled(self) -> bool:
        """Tell whether windows stand side by side within the image."""
        within = all(
            count * size <= extent
            for count, size, extent in zip(self.output, self.size, self.input, strict=True)
        )
        return self.strides == self.size and not any(self.before) and within

    @property
    def code_bytes(self) -> int:
        """Give the bytes that hold the number of a window's cell."""
        return 1 if self.size[0] * self.size[1] <= BYTE_CODES else 4

    def max_forward(self, at: Lowering) -> None:
        """Write the row that takes the largest of each window; its number is kept for backward."""
        coded = at.needs_gradient
        codes = self._codes(at) if coded else at.output
        reads, writes = at.inputs, (at.output, codes)
        if self.is_tiled and self.code_bytes == 1:
            sizes = (*self.output, self.channels, self.input[1])
            tiled = (*self.size, 0, int(coded))
            at.row("pool_forward", variant=tiled, reads=reads, writes=writes, sizes=sizes)
            return
        bytes_kept = self.code_bytes if coded else 0
        cells = prod(self.output) * prod(self.size) * self.channels
        sharing = Sharing.of(at, self.output[0], CELL_WORK * cells, unshared="any")
        at.row(
            "max_pool_forward",
            variant=(bytes_kept, *sharing.variant),
            reads=reads,
            writes=writes,
            sizes=self.sizes,
            per=sharing.per,
            parts=sharing.parts,
        )

    def max_backward(self, at: Lowering) -> None:
        """Write the row that gives each window's gradient to its largest cell."""
        gradient = at.input_gradient()
        if gradient is None:
            return
        name = "max_pool_backward"
        kind: tuple[int, ...] = (self.code_bytes,)
        if self.is_tiled and self.code_bytes == 1:
            name, kind = "max_pool_tiled_backward", self.size
        at.row(
            name,
            variant=(*kind, int(gradient.accumulate)),
            reads=(at.output_gradient, self._codes(at)),
            writes=(gradient.buffer,),
            sizes=self.sizes,
        )

    def average_forward(self, at: Lowering) -> None:
        """Write the row that takes the mean of each window."""
        sums = at.scratch((self.channels,))
        writes, sizes = (at.output, sums), (*self.sizes, *self.counted)
        at.row("average_pool_forward", reads=at.inputs, writes=writes, sizes=sizes)

    def average_backward(self, at: Lowering) -> None:
        """Write the row that shares each window's gradient among its cells."""
        gradient = at.input_gradient()
        if gradient is None:
            return
        at.row(
            "average_pool_backward",
            variant=(int(self.is_tiled), int(gradient.accumulate)),
            reads=(at.output_gradient,),
            writes=(gradient.buffer,),
            sizes=(*self.sizes, *self.counted),
        )

    def _codes(self, at: Lowering) -> Buffer:
        return at.keep("codes", (*self.output, self.channels), width=self.code_bytes)


def whole_output(shape: Shape, *, keepdims: bool) -> Shape:
    """Give the shape of what one window over all leaves."""
    return (*(1,) * (len(shape) - 1 if keepdims else 0), shape[-1])


def over_sequence(shape: Shape, layer: Any) -> Pooling:
    """Lay a pooling layer's windows over a sequence; raises ShapeError where they do not fit."""
    size = layer.pool_size
    stride = size if layer.strides is None else layer.strides
    around = (layer.padding, layer.padding) if isinstance(layer.padding, int) else layer.padding
    time = window(shape[0], size, stride, around, ceil_mode=layer.ceil_mode)
    if time.output < 1:
        message = f"{layer.type_name}'s window of {size} is longer than its input of {shape[0]}"
        hint = "use a smaller pool_size, `padding: same`, or fewer layers that shorten the sequence"
        raise ShapeError(message, field="pool_size", hint=hint)
    axes = (Window(0, 0, 1), time)
    return covering(Pooling.laid((1, *shape), (1, size), (1, stride), axes), layer)


def covering(pooling: Pooling, layer: Layer) -> Pooling:
    """Raise ShapeError where a window lies in the padding alone: it has nothing to pool."""
    for axis in (0, 1):
        last = (pooling.output[axis] - 1) * pooling.strides[axis] - pooling.before[axis]
        if pooling.before[axis] >= pooling.size[axis] or last >= pooling.input[axis]:
            message = f"{layer.type_name} has windows that lie in the padding alone"
            hint = "use less padding than pool_size"
            raise ShapeError(message, field="padding", hint=hint)
    return pooling
