"""A transposed convolution with strides as a convolution that gives blocks of pixels."""

from __future__ import annotations

from dataclasses import dataclass

from dltrain.core.lowering import Buffer, Lowering
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

    def emit(self, at: Lowering, x: Buffer, y: Buffer, *, bias: bool, relu: bool) -> None:
        """Write the rows from the smaller image to the larger one."""
        back, blocks = self.back, self._blocks
        pixels = back.strides[0] * back.strides[1]
        geometry = self._convolution()
        kernel = at.prepared(
            "kernel",
            "fold_kernel",
            shape=(*blocks, back.filters, pixels * back.channels),
            sizes=(
                *(*back.kernel, back.channels, back.filters),
                *(blocks[1], blocks[0] * blocks[1], *back.strides),
            ),
        )
        added = kernel
        if bias:
            shape = (pixels, back.channels)
            added = at.prepared("bias", "repeat_rows", shape=shape, sizes=shape[1:])
        z = at.scratch((*geometry.output, geometry.filters))
        padded = geometry.pad(at, x) if geometry.is_padded else x
        geometry.convolve(at, padded, kernel, added, z, start=int(bias), relu=int(relu))
        inside = [before % stride for before, stride in self._starts]
        sizes = (*y.shape, geometry.output[1], *back.strides, *inside)
        at.row("unfold_blocks", reads=(z,), writes=(y,), sizes=sizes, per="sample")

    def _convolution(self) -> Convolution:
        """Give the convolution whose outputs are the blocks that the larger image lies in."""
        back, blocks = self.back, self._blocks
        first = [before // stride for before, stride in self._starts]
        last = [
            (before + extent - 1) // stride
            for (before, stride), extent in zip(self._starts, back.input, strict=True)
        ]
        return Convolution(
            input=back.output,
            channels=back.filters,
            filters=back.strides[0] * back.strides[1] * back.channels,
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
