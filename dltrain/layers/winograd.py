"""The rows of 3x3 convolutions by Winograd's algorithm, where that takes fewer operations.

A kernel that stays in cache meets one image at a time, in bands of tiles. A larger one meets the
tiles of the whole batch at once, between walks over the lanes, so that it is read once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

from dltrain.core.lowering import Buffer, Gradient, Lowering
from dltrain.core.parts import parts_of
from dltrain.layers.convolution import Convolution, LaidOut, Pair
from dltrain.layers.sharing import Sharing
from dltrain.layers.tiling import Tiling, choose, choose_singly

POSITIONS = 16
TAPS = 9
LEAST_CHANNELS = 8
"""Inputs and outputs from which on the transforms are the lesser part of the work."""
CACHED_BYTES = 320 * 1024
"""Bytes of a transformed kernel that stays in second-level cache beside what it meets."""
BAND_BYTES = 48 * 1024
"""Bytes of a band's transformed inputs and outputs."""
LANE_BYTES = 256 * 1024
"""Bytes of transformed inputs and gradients that a lane takes at once."""
LEAST_TILES = 16
"""Tiles of a batch from which on they are worth the reading of a large transformed kernel."""
TILE_ROWS = 64
"""Tiles of a batch that register tiles are chosen for, where there are more."""
PART = 48
"""Inputs of a part of the kernel's gradient, about."""
PATCH = 16
"""Outputs of a kernel that are turned over at a time."""


@dataclass(frozen=True)
class Winograd:
    """Writes the rows of one convolution; its image is padded to whole tiles."""

    geometry: Convolution
    tiles: Pair
    halves: int = 0
    """Whether factors are rounded to bfloat16."""

    @classmethod
    def of(cls, geometry: Convolution, at: Lowering) -> Winograd | None:
        """Give the rows' writer where the convolution has the form and the size for it."""
        plain = geometry.kernel == (3, 3) and geometry.strides == geometry.dilation == (1, 1)
        little = min(geometry.channels, geometry.filters) < LEAST_CHANNELS
        sides = {*geometry.before, *geometry.after}
        if not plain or geometry.groups != 1 or little or not sides <= {0, 1}:
            return None
        halves = int(at.precision == "bfloat16")
        made = cls.covering(geometry, halves)
        saves = POSITIONS * made._count < TAPS * geometry.output[0] * geometry.output[1]
        is_worth_reading = saves and made._count * at.batch_size >= LEAST_TILES
        return made if made.is_cached or is_worth_reading else None

    @classmethod
    def covering(cls, geometry: Convolution, halves: int) -> Winograd:
        """Pad the image so that tiles of 2x2 outputs cover all outputs."""
        tiles = -(-geometry.output[0] // 2), -(-geometry.output[1] // 2)
        after = [
            2 * count + 2 - extent - before
            for count, extent, before in zip(tiles, geometry.input, geometry.before, strict=True)
        ]
        return cls(replace(geometry, after=(after[0], after[1])), tiles, halves)

    @property
    def is_cached(self) -> bool:
        """Tell whether the transformed kernel stays in cache."""
        return 4 * POSITIONS * self._words * self.geometry.filters <= CACHED_BYTES

    def backward(self) -> Winograd:
        """Give the convolution of the output's gradient that is the input's gradient."""
        there = self.geometry
        margins = 2 - there.before[0], 2 - there.before[1]
        turned = replace(
            there, input=there.output, output=there.input, channels=there.filters,
            filters=there.channels, before=margins,
        )  # fmt: skip
        return self.covering(turned, self.halves)

    def convolve(self, at: Lowering, x: Buffer, bias: Buffer, y: Buffer, *,
                 turned: bool, start: int, relu: int) -> None:  # fmt: skip
        """Write the rows y = x * kernel of a padded x; `turned` for the input gradient."""
        if self.is_cached:
            self._by_image(at, x, bias, y, turned=turned, start=start, relu=relu)
            return
        products = self.multiply(at, self.move_in(at, x), turned=turned)
        self.move_out(at, products, bias, y, start=start, relu=relu)

    def move_in(self, at: Lowering, x: Buffer) -> Buffer:
        """Write the row that moves the tiles of a padded image."""
        variant, count = (at.target.width, self.halves), self._count * self._words
        return self._moved(at, "winograd_input", variant, LaidOut.plain(x), count)

    def multiply(self, at: Lowering, tiles: Buffer, *, turned: bool) -> Buffer:
        """Write the row that multiplies the tiles of the whole batch by the kernel."""
        geometry, rows = self.geometry, min(self._count * at.batch_size, TILE_ROWS)
        tiling = choose_singly(rows, geometry.filters, at.target)
        products = at.scratch((POSITIONS * self._count * geometry.filters,), interleaved=True)
        blocks = tiling.blocks + (tiling.nv_tail > 0)
        at.row(
            "winograd_multiply",
            variant=(*tiling.variant, self.halves),
            reads=(tiles, self._kernel(at, tiling, turned=turned), at.cells),
            writes=(products,),
            sizes=(
                *(self._count, geometry.channels, geometry.filters),
                *(tiling.blocks, blocks, tiling.columns),
            ),
            per="batch",
            parts=parts_of(POSITIONS * blocks),
        )
        return products

    def move_out(self, at: Lowering, products: Buffer, bias: Buffer, y: Buffer, *,
                 start: int, relu: int) -> None:  # fmt: skip
        """Write the row that moves products back to an image."""
        at.row(
            "winograd_output",
            variant=(at.target.width, start, relu),
            reads=(products, bias, at.cells),
            writes=(y,),
            sizes=(*self.tiles, self.geometry.filters, *self.geometry.output),
            per="sample",
        )

    def surround(self, at: Lowering, dy: Buffer) -> LaidOut:
        """Write the row that sets an output's gradient among this convolution's zeros."""
        (top, left), wide = self.geometry.before, self.geometry.padded[1]
        channels = self.geometry.channels
        padded = self.geometry.pad(at, dy)
        return LaidOut(padded, (top * wide + left) * channels, wide * channels, channels)

    def gradients(
        self, at: Lowering, x: Buffer, dy: LaidOut, back: Winograd, gradient: Gradient | None
    ) -> None:
        """Write the rows of the gradients of a large kernel and of the input, padded here."""
        tiles = self._factor(at, "winograd_input", LaidOut.plain(x))
        changes = self._factor(at, "winograd_gradient", dy)
        moved = back.move_in(at, dy.buffer) if gradient is not None else None
        kernel = at.parameter_gradient("kernel", per="batch")
        if kernel is not None:
            self._weights(at, tiles, changes, kernel.buffer)
        if gradient is not None and moved is not None:
            products = back.multiply(at, moved, turned=True)
            start = gradient.start
            back.move_out(at, products, products, gradient.buffer, start=start, relu=0)

    def _factor(self, at: Lowering, kernel: str, x: LaidOut) -> Buffer:
        """Write the row that moves one factor of the kernel's gradient."""
        variant = (at.target.width,)
        if not self.halves:
            return self._moved(at, kernel, variant, x, self._count * x.across)
        return self._moved(at, f"{kernel}_pairs", variant, x, self._pairs * x.across)

    def _moved(
        self, at: Lowering, kernel: str, variant: tuple[int, ...], x: LaidOut, count: int
    ) -> Buffer:
        """Write the row that moves an image to `count` elements of each of the 16 numbers."""
        tiles = at.scratch((POSITIONS * count,), interleaved=True)
        at.row(
            kernel,
            variant=variant,
            reads=(x.buffer, at.cells),
            writes=(tiles,),
            sizes=(*self.tiles, x.across, x.down // x.across, x.offset),
            per="sample",
        )
        return tiles

    def _weights(self, at: Lowering, tiles: Buffer, changes: Buffer, dw: Buffer) -> None:
        """Write the row of the kernel's gradient, in parts of inputs by blocks of outputs."""
        inputs, outputs = self.geometry.channels, self.geometry.filters
        tiling = choose(inputs, outputs, at.target)
        part = max(1, PART // tiling.mr) * tiling.mr
        blocks = tiling.blocks + (tiling.nv_tail > 0)
        room = at.thread_scratch((POSITIONS, part, tiling.nv * tiling.width))
        units = -(-inputs // part) * blocks
        at.row(
            "winograd_weights",
            variant=(*tiling.variant, self.halves),
            reads=(tiles, changes, at.cells),
            writes=(dw, room),
            sizes=(
                *(self._pairs if self.halves else self._count, inputs, outputs, part),
                *(tiling.blocks, blocks, tiling.columns),
            ),
            per="batch",
            parts=parts_of(units),
        )

    def lane_weights(self, at: Lowering, x: Buffer, dy: LaidOut, dw: Gradient) -> None:
        """Write the row of the kernel's gradient of a lane, in bfloat16; x is padded."""
        geometry, (high, wide) = self.geometry, self.tiles
        inputs, outputs = geometry.channels, geometry.filters
        tiling, pairs = choose(inputs, outputs, at.target), self._pairs
        images = max(1, LANE_BYTES // (4 * POSITIONS * pairs * (inputs + outputs)))
        at.row(
            "winograd_lane_weights",
            variant=(*tiling.variant, dw.start),
            reads=(x, dy.buffer),
            writes=(
                dw.buffer,
                at.thread_scratch((POSITIONS, images * pairs, inputs)),
                at.thread_scratch((POSITIONS, images * pairs, outputs)),
                at.thread_scratch((POSITIONS, inputs, outputs)),
            ),
            sizes=(
                *(high, wide, images, inputs, outputs),
                *(geometry.padded[1], dy.down // outputs, dy.offset),
                *(tiling.tiles, tiling.blocks, tiling.columns),
            ),
            per="lane",
        )

    def _by_image(self, at: Lowering, x: Buffer, bias: Buffer, y: Buffer, *,
                  turned: bool, start: int, relu: int) -> None:  # fmt: skip
        geometry, (high, wide), band = self.geometry, self.tiles, self._band()
        tiling = self._tiling(at, band * wide)
        count = POSITIONS * band * wide
        sharing = Sharing.of(at, high // band, geometry.multiply_adds * POSITIONS // (4 * TAPS))
        room = at.thread_scratch if sharing.parts else at.scratch
        at.row(
            "winograd_convolve",
            variant=(*tiling.variant, start, relu, self.halves, *sharing.variant),
            reads=(x, self._kernel(at, tiling, turned=turned), bias),
            writes=(y, room((count * self._words,)), room((count * geometry.filters,))),
            sizes=(
                *(high, wide, band, geometry.channels, geometry.filters),
                *(*geometry.output, geometry.padded[1]),
                *(tiling.tiles, tiling.blocks, tiling.columns),
            ),
            per=sharing.per,
            parts=sharing.parts,
        )

    def _kernel(self, at: Lowering, tiling: Tiling, *, turned: bool) -> Buffer:
        """Give the kernel moved to the numbers that tiles of this tiling meet."""
        rows, columns = self.geometry.channels, self.geometry.filters
        block, last = tiling.nv * tiling.width, tiling.nv_tail * tiling.width
        shape = (POSITIONS, self._words, tiling.blocks * block + last)
        variant = (tiling.width, tiling.nv, tiling.nv_tail, self.halves)
        if not turned:
            step = max(1, PART * PART // columns)
            parts = parts_of(self._words, step=step)
            sizes = (rows, columns)
            return at.prepared(
                "kernel", "winograd_kernel", shape=shape, sizes=sizes, variant=variant, parts=parts
            )
        parts = parts_of(-(-rows // PATCH))
        return at.prepared(
            "kernel", "winograd_turned_kernel", shape=shape, sizes=(columns, rows),
            variant=variant, parts=parts, scratch=(9, PATCH, PATCH),
        )  # fmt: skip

    def _tiling(self, at: Lowering, rows: int) -> Tiling:
        return choose(rows, self.geometry.filters, at.target)

    def _band(self) -> int:
        """Choose the rows of tiles that are taken at once: they divide all rows evenly."""
        high, wide = self.tiles
        each = 4 * POSITIONS * wide * (self._words + self.geometry.filters)
        most = max(1, BAND_BYTES // each)
        return max(band for band in range(1, high + 1) if high % band == 0 and band <= most)

    @property
    def _words(self) -> int:
        """Count the words of a pixel's inputs."""
        return ceil(self.geometry.channels / 2) if self.halves else self.geometry.channels

    @property
    def _pairs(self) -> int:
        """Count the words of two tiles of one image."""
        return self.tiles[0] * ceil(self.tiles[1] / 2)

    @property
    def _count(self) -> int:
        """Count the tiles of one image."""
        return self.tiles[0] * self.tiles[1]
