"""A transposed convolution with strides as a convolution that gives blocks of pixels."""

from __future__ import annotations

from dataclasses import dataclass

from dltrain.core.lowering import Buffer, Gradient, Lowering
from dltrain.layers.convolution import Convolution, Pair


@dataclass(frozen=True)
class Subpixel:
    """The way back of a strided convolution, without the zeros that strides set between pixels.

    Pixels of the larger image that lie in one block, as high and wide as the strides, are sums over
    the same few pixels of the smaller one: a convolution gives them as channels of one pixel. Of a
    kernel of 3 with strides of 2 it multiplies 16/9 as often as needed, with zeros between 36/9.
    Source: Shi and others 2016, arXiv:1609.05158.
    """

    back: Convolution
    """The convolution from the larger image to the smaller one."""

    @staticmethod
    def suits(back: Convolution) -> bool:
        """Tell whether there are strides, and kernels without gaps."""
        return back.strides != (1, 1) and back.dilation == (1, 1) and back.groups == 1

    def forward(self, at: Lowering, x: Buffer, y: Buffer, *, bias: bool, relu: bool) -> None:
        """Write the rows from the smaller image to the larger one, with a bias or without."""
        pixels, added = self.back.strides, at.parameter("kernel")
        if bias:
            shape = (pixels[0] * pixels[1], self.back.channels)
            added = at.prepared("bias", "repeat_rows", shape=shape, sizes=shape[1:])
        z = self._blocks_of(at, x, pixels, added, start=int(bias), relu=int(relu))
        self._unfold(at, z, pixels, Gradient(y, accumulate=False))

    def backward(self, at: Lowering, dy: Buffer, gradient: Gradient) -> None:
        """Write the rows of the larger image's gradient; kernels may be smaller than strides."""
        (high, wide), (down, across) = self.back.kernel, self.back.strides
        pixels = min(high, down), min(wide, across)
        z = self._blocks_of(at, dy, pixels, at.parameter("kernel"), start=0, relu=0)
        self._unfold(at, z, pixels, gradient)

    def _blocks_of(
        self, at: Lowering, x: Buffer, pixels: Pair, bias: Buffer, *, start: int, relu: int
    ) -> Buffer:
        """Write the rows that give these pixels of each block."""
        back, blocks = self.back, self._blocks
        geometry = self._convolution(pixels)
        kernel = at.prepared(
            "kernel",
            "fold_kernel",
            shape=(*blocks, back.filters, geometry.filters),
            sizes=(
                *(*back.kernel, back.channels, back.filters),
                *(blocks[1], blocks[0] * blocks[1], *pixels, *back.strides),
            ),
        )
        z = at.scratch((*geometry.output, geometry.filters))
        padded = geometry.pad(at, x) if geometry.is_padded else x
        geometry.convolve(at, padded, kernel, bias, z, start=start, relu=relu)
        return z

    def _unfold(self, at: Lowering, z: Buffer, pixels: Pair, into: Gradient) -> None:
        """Write the row that lays blocks side by side."""
        inside = [before % stride for before, stride in self._starts]
        at.row(
            "unfold_blocks",
            variant=(int(into.accumulate),),
            reads=(z,),
            writes=(into.buffer,),
            sizes=(*into.buffer.shape, z.shape[1], *pixels, *self.back.strides, *inside),
            per="sample",
        )

    def _convolution(self, pixels: Pair) -> Convolution:
        """Give the convolution whose outputs are these pixels of the larger image's blocks."""
        back, blocks = self.back, self._blocks
        first = [before // stride for before, stride in self._starts]
        last = [
            (before + extent - 1) // stride
            for (before, stride), extent in zip(self._starts, back.input, strict=True)
        ]
        return Convolution(
            input=back.output,
            channels=back.filters,
            filters=pixels[0] * pixels[1] * back.channels,
            kernel=blocks,
            strides=(1, 1),
            dilation=(1, 1),
            before=(blocks[0] - 1 - first[0], blocks[1] - 1 - first[1]),
            after=(last[0] + 1 - back.output[0], last[1] + 1 - back.output[1]),
            output=(last[0] - first[0] + 1, last[1] - first[1] + 1),
            groups=1,
        )

    @property
    def _starts(self) -> tuple[Pair, Pair]:
        """Give, for each axis, the cells before the larger image and the stride."""
        (top, left), (down, across) = self.back.before, self.back.strides
        return (top, down), (left, across)

    @property
    def _blocks(self) -> Pair:
        """Count the blocks that a kernel reaches into."""
        (high, wide), (down, across) = self.back.kernel, self.back.strides
        return -(-high // down), -(-wide // across)
