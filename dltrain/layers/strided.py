"""The way back through a strided convolution: each pixel meets only the weights that reach it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from dltrain.core.lowering import Buffer, Lowering
from dltrain.layers.convolution import Convolution, LaidOut
from dltrain.layers.tiling import choose


@dataclass(frozen=True)
class Phase:
    """Along one axis, the pixels of the larger image that are reached by the same weights."""

    first: int
    """The first of these pixels; the others follow at the stride."""
    count: int
    taps: int
    """Weights that reach them; they stand at the stride too."""
    weight: int
    """The first of these weights, in a kernel turned over."""
    start: int
    """The pixel of the smaller image that the first weight meets; negative before the edge."""


@dataclass(frozen=True)
class Strided:
    """Writes the rows from the smaller image of a strided convolution back to the larger one.

    Pixels of one phase in both directions are a convolution without strides of the smaller image,
    by the weights of that phase. So nothing is multiplied by the zeros that would stand between.
    """

    back: Convolution
    """The convolution from the larger image to the smaller one."""

    @staticmethod
    def suits(back: Convolution) -> bool:
        """Tell whether there are strides, and weights without gaps."""
        return back.strides != (1, 1) and back.dilation == (1, 1) and not back.is_depthwise

    @property
    def leaves_gaps(self) -> bool:
        """Tell whether some pixels are reached by no weight."""
        return any(size < stride for size, stride in zip(*self._steps, strict=True))

    @property
    def _steps(self) -> tuple[tuple[int, int], tuple[int, int]]:
        return self.back.kernel, self.back.strides

    def surround(self, at: Lowering, x: Buffer) -> LaidOut:
        """Write the row that sets the smaller image among the zeros that weights reach into."""
        high, wide, top, left = self.frame
        if (high, wide) == self.back.output:
            return LaidOut.plain(x)
        padded = at.scratch((high, wide, self.back.filters))
        sizes = (*self.back.output, self.back.filters, high, wide, top, left, 1, 1)
        at.row("pad", reads=(x,), writes=(padded,), sizes=sizes, per="sample")
        return self.laid_out(padded)

    @property
    def frame(self) -> tuple[int, int, int, int]:
        """Give the extents of the smaller image among its zeros, and those above and left."""
        (top, bottom), (left, right) = (self._margins(axis) for axis in (0, 1))
        high, wide = self.back.output
        return high + top + bottom, wide + left + right, top, left

    def laid_out(self, padded: Buffer) -> LaidOut:
        """Tell where the smaller image lies among its zeros."""
        _, wide, top, left = self.frame
        channels = self.back.filters
        return LaidOut(padded, (top * wide + left) * channels, wide * channels, channels)

    def emit(self, at: Lowering, x: LaidOut, kernel: Buffer, bias: Buffer, y: Buffer, *,
             start: int, relu: int, halves: int = 0) -> None:  # fmt: skip
        """Write the rows of y, of a surrounded x and a kernel turned over.

        Start 0 stores, 1 begins with the bias, 2 adds to y; 1 must leave no gaps. With `halves` a
        filter is a word of two bfloat16.
        """
        if self.leaves_gaps and start == 0:
            at.row("fill_zero", writes=(y,), sizes=(y.size,), per="sample")
        for high, wide in product(self._phases(0), self._phases(1)):
            variant = (start, relu, halves)
            self._row(at, x, (kernel, bias), y, (high, wide), variant)

    def _row(
        self, at: Lowering, x: LaidOut, weights: tuple[Buffer, Buffer], y: Buffer,
        phases: tuple[Phase, Phase], variant: tuple[int, ...],
    ) -> None:  # fmt: skip
        back, (high, wide) = self.back, phases
        inputs, outputs = back.filters // back.groups, back.channels // back.groups
        tiling = choose(wide.count, outputs, at.target)
        tap, line = inputs * back.channels, back.kernel[1] * inputs * back.channels
        row = back.input[1] * back.channels
        at.row(
            "convolve",
            variant=(*tiling.variant, *variant),
            reads=(x.buffer, *weights),
            writes=(y,),
            sizes=(
                *(back.groups, high.count, tiling.tiles, tiling.blocks, tiling.columns),
                *(inputs, x.down, x.across, outputs),
                *(outputs, back.strides[0] * row, back.strides[1] * back.channels),
                *(high.taps, wide.taps, inputs, x.down, x.across),
                *(back.strides[0] * line, back.strides[1] * tap, back.channels),
                x.offset + high.start * x.down + wide.start * x.across,
                high.weight * line + wide.weight * tap,
                high.first * row + wide.first * back.channels,
            ),
            per="sample",
        )

    def _phases(self, axis: int) -> list[Phase]:
        """Give the phases along an axis that any weight reaches."""
        size, stride, before = (
            pair[axis] for pair in (self.back.kernel, self.back.strides, self.back.before)
        )
        phases = []
        for rest in range(min(stride, size)):
            first, taps = (rest - before) % stride, -(-(size - rest) // stride)
            count = -(-(self.back.input[axis] - first) // stride)
            weight = size - 1 - rest - stride * (taps - 1)
            start = (first + before - rest) // stride - taps + 1
            if count > 0:
                phases.append(Phase(first, count, taps, weight, start))
        return phases

    def _margins(self, axis: int) -> tuple[int, int]:
        """Count the zeros before and after the smaller image that weights reach into."""
        phases, extent = self._phases(axis), self.back.output[axis]
        before = max(-phase.start for phase in phases)
        after = max(phase.start + phase.count - 1 + phase.taps - extent for phase in phases)
        return max(before, 0), max(after, 0)
