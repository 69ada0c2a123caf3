"""The geometry of one convolution, and the rows that carry it out with the register tile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from dltrain.core.lowering import Buffer, Gradient, Lowering
from dltrain.layers import depthwise
from dltrain.layers.sharing import Sharing
from dltrain.layers.tiling import choose

Pair = tuple[int, int]


@dataclass(frozen=True)
class LaidOut:
    """Where the pixels of an output gradient lie: plain, or among zeros."""

    buffer: Buffer
    offset: int
    """Elements before the first pixel."""
    down: int
    """Elements from one row to the next."""
    across: int
    """Elements from one column to the next."""
    is_whole: bool = True
    """Whether all pixels are there: padding beyond the kernel cuts some off."""

    @classmethod
    def plain(cls, buffer: Buffer) -> LaidOut:
        """Describe an image without zeros."""
        _, wide, channels = buffer.shape
        return cls(buffer, 0, wide * channels, channels)


@dataclass(frozen=True)
class Convolution:
    """Sizes of a convolution over one image; all pairs are (vertical, horizontal)."""

    input: Pair
    channels: int
    filters: int
    kernel: Pair
    strides: Pair
    dilation: Pair
    before: Pair
    after: Pair
    output: Pair
    groups: int
    repeats: int = 1
    """How often each channel of the input is repeated to give `channels`."""

    def one_for_each(self) -> Convolution:
        """Give a depthwise convolution one filter for each channel, by repeating channels."""
        if not 1 < self.channels == self.groups:
            return self
        repeats = self.filters // self.channels
        return replace(self, channels=self.filters, groups=self.filters, repeats=repeats)

    @property
    def is_depthwise(self) -> bool:
        """Tell whether every channel has one filter of its own."""
        return 1 < self.channels == self.groups == self.filters

    @property
    def is_padded(self) -> bool:
        """Tell whether any zeros stand around the image."""
        return any(self.before) or any(self.after)

    @property
    def padded(self) -> Pair:
        """Give the extents of the image with its zeros."""
        high, wide = (
            extent + before + after
            for extent, before, after in zip(self.input, self.before, self.after, strict=True)
        )
        return high, wide

    @property
    def multiply_adds(self) -> int:
        """Count the multiply-adds of one image."""
        positions = prod(self.output) * prod(self.kernel)
        return positions * self.channels * self.filters // self.groups

    @property
    def flip_sizes(self) -> tuple[int, int, int, int]:
        """Give the sizes of the row that turns the kernel over for the input gradient."""
        positions = self.kernel[0] * self.kernel[1]
        return positions, self.channels // self.groups, self.filters, self.groups

    def reversed(self) -> Convolution:
        """Give the convolution of the spread output gradient that is the input gradient."""
        return replace(
            self,
            input=self._spread_extents,
            channels=self.filters,
            filters=self.channels,
            strides=(1, 1),
            before=(0, 0),
            after=(0, 0),
            output=self.input,
        )

    @property
    def spread_sizes(self) -> tuple[int, ...]:
        """Give the sizes of the row that sets the output gradient apart, among zeros."""
        top, left = (
            (kernel - 1) * dilation - before
            for kernel, dilation, before in zip(
                self.kernel, self.dilation, self.before, strict=True
            )
        )
        return (*self.output, self.filters, *self._spread_extents, top, left, *self.strides)

    @property
    def _spread_extents(self) -> Pair:
        high, wide = (
            extent + (kernel - 1) * dilation
            for extent, kernel, dilation in zip(self.input, self.kernel, self.dilation, strict=True)
        )
        return high, wide

    def repeat(self, at: Lowering, x: Buffer) -> Buffer:
        """Write the row that repeats channels, where a channel has several filters."""
        if self.repeats == 1:
            return x
        repeated = at.scratch((*self.input, self.channels))
        reads, writes, sizes = (x,), (repeated,), self._repetition
        at.row("repeat_channels", reads=reads, writes=writes, sizes=sizes, per="sample")
        return repeated

    def sum_repeats(self, at: Lowering, dx: Buffer, gradient: Gradient) -> None:
        """Write the row that sums the gradients of repeated channels."""
        at.row(
            "sum_repeats",
            variant=(int(gradient.accumulate),),
            reads=(dx,),
            writes=(gradient.buffer,),
            sizes=self._repetition,
            per="sample",
        )

    @property
    def _repetition(self) -> tuple[int, int, int]:
        return self.input[0] * self.input[1], self.channels // self.repeats, self.repeats

    def pad(self, at: Lowering, x: Buffer) -> Buffer:
        """Write the row that sets the image among its zeros."""
        padded = at.scratch((*self.padded, self.channels))
        sizes = (*self.input, self.channels, *self.padded, *self.before, 1, 1)
        at.row("pad", reads=(x,), writes=(padded,), sizes=sizes, per="sample")
        return padded

    def spread(self, at: Lowering, dy: Buffer) -> LaidOut:
        """Write the row that sets the output gradient as far apart as the strides, among zeros."""
        sizes = self.spread_sizes
        top, left = sizes[5:7]
        if self._spread_extents == self.output and self.strides == (1, 1) and top == left == 0:
            return LaidOut.plain(dy)
        spread = at.scratch((*self._spread_extents, self.filters))
        at.row("pad", reads=(dy,), writes=(spread,), sizes=sizes, per="sample")
        if top < 0 or left < 0:
            return LaidOut(spread, 0, 0, 0, is_whole=False)
        wide = self._spread_extents[1] * self.filters
        offset = top * wide + left * self.filters
        return LaidOut(spread, offset, self.strides[0] * wide, self.strides[1] * self.filters)

    def convolve(
        self, at: Lowering, x: Buffer, kernel: Buffer, bias: Buffer, y: Buffer, *,
        start: int, relu: int, halves: int = 0,
    ) -> None:  # fmt: skip
        """Write the row y = x * kernel; start 0 stores, 1 begins with the bias, 2 adds to y.

        With `halves` a channel is a word of two bfloat16.
        """
        if self.is_depthwise:
            depthwise.convolve(at, self, (x, kernel, bias), y, start=start, relu=relu)
            return
        wide, channels, filters = self.padded[1], self.channels, self.filters
        inputs, outputs = channels // self.groups, filters // self.groups
        sharing = Sharing.of(at, self.output[0], self.multiply_adds)
        high_out, wide_out = self.output if sharing.parts else self.in_one_row().output
        tiling = choose(wide_out, outputs, at.target)
        outer, inner, length = self.kernel[0], self.kernel[1], inputs
        if self._runs_on():
            inner, length = 1, self.kernel[1] * inputs
        at.row(
            "convolve",
            variant=(*tiling.variant, start, relu, halves, *sharing.variant),
            reads=(x, kernel, bias),
            writes=(y,),
            sizes=(
                *(self.groups, high_out, tiling.tiles, tiling.blocks, tiling.columns),
                *(inputs, self.strides[0] * wide * channels, self.strides[1] * channels),
                outputs,
                *(outputs, wide_out * filters, filters),
                *(outer, inner, length),
                *(self.dilation[0] * wide * channels, self.dilation[1] * channels),
                *(self.kernel[1] * inputs * filters, inputs * filters, filters),
                *(0, 0, 0),
            ),
            per=sharing.per,
            parts=sharing.parts,
        )

    def gather(self, at: Lowering, x: Buffer) -> Buffer:
        """Write the row that lays out what is under each position of the kernel, side by side."""
        wide, channels = self.padded[1], self.channels
        if self.kernel == self.strides == (1, 1) and not self.is_padded:
            return x
        windows = at.scratch((*self.output, self.kernel[0] * self.kernel[1] * channels))
        at.row(
            "gather_windows",
            reads=(x,),
            writes=(windows,),
            sizes=(
                *(*self.output, *self.kernel, channels),
                *(self.strides[0] * wide * channels, self.strides[1] * channels),
                *(self.dilation[0] * wide * channels, self.dilation[1] * channels),
            ),
            per="sample",
        )
        return windows

    def weights(self, at: Lowering, x: Buffer, dy: LaidOut, dw: Buffer, *, halves: int = 0) -> None:
        """Write the row that adds the kernel's gradient to dw.

        With `halves` a pixel is a word of two bfloat16.
        """
        if self.is_depthwise:
            depthwise.weights(at, self, x, dy, dw)
            return
        wide, channels, filters = self.padded[1], self.channels, self.filters
        inputs, outputs = channels // self.groups, filters // self.groups
        columns, run = self.kernel[1], inputs
        if self._runs_on():
            columns, run = 1, self.kernel[1] * inputs
        tiling = choose(run, outputs, at.target)
        at.row(
            "convolve_weights",
            variant=(*tiling.variant, halves),
            reads=(x, dy.buffer),
            writes=(dw,),
            sizes=(
                *(self.groups, self.kernel[0], columns),
                *(tiling.tiles, tiling.blocks, tiling.columns),
                *(inputs, self.dilation[0] * wide * channels, self.dilation[1] * channels),
                outputs,
                *(outputs, self.kernel[1] * inputs * filters, inputs * filters, filters),
                *self.output,
                *(self.strides[0] * wide * channels, self.strides[1] * channels),
                *(dy.down, dy.across, dy.offset),
            ),
            per="sample",
        )

    def _runs_on(self) -> bool:
        """Tell whether the inputs under one row of the kernel lie side by side."""
        return self.groups == 1 and self.dilation[1] == 1

    def in_one_row(self) -> Convolution:
        """Give the convolution of the pixels as one long row, where that is the same: under 1x1."""
        if self.kernel != (1, 1) or self.strides != (1, 1) or self.is_padded:
            return self
        row = 1, self.output[0] * self.output[1]
        return replace(self, input=row, output=row)
