"""The rows of a convolution's gradients where most of the output's gradient is zero."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from dltrain.core.lowering import Buffer, Lowering, Target
from dltrain.layers.convolution import Convolution, Pair

BAND_BYTES = 24 * 1024
"""Bytes of input that a band of output rows may cover, so that it stays in first-level cache."""


@dataclass(frozen=True)
class SparseGradients:
    """Gradients of a convolution from a list of its output gradients that are not zero.

    `pool` is the size of the windows of which only the largest element has a gradient, (1, 1) where
    relu alone makes zeros.
    """

    geometry: Convolution
    pool: Pair
    relu: bool

    @staticmethod
    def suits(geometry: Convolution, target: Target) -> bool:
        """Tell whether a run of the kernel fills a vector and the input lies as lists need it."""
        run = geometry.kernel[1] * geometry.channels
        return geometry.groups == 1 and geometry.dilation[1] == 1 and run >= target.width

    def emit(self, at: Lowering, x: Buffer, selector: Buffer, *, bias: bool) -> None:
        """Write the rows: list, then scatter to the gradients of kernel and (padded) input."""
        geometry, dy = self.geometry, at.output_gradient
        high, wide, filters = dy.shape
        down = geometry.padded[1] * geometry.channels
        band = self._band(high, down)
        bands, room = ceil(high / band), band * wide
        offsets, values = at.scratch((bands, filters, room)), at.scratch((bands, filters, room))
        counts = at.scratch((bands, filters))
        db = _sum_of(at, "bias") if bias else counts
        steps = (down * geometry.strides[0], geometry.channels * geometry.strides[1])
        at.row(
            "collect_entries",
            variant=(*self.pool, int(self.relu), int(bias)),
            reads=(dy, selector),
            writes=(offsets, values, counts, db),
            sizes=(high, wide, filters, band, *steps),
            per="sample",
        )
        self._scatter(at, x, (offsets, values, counts), (bands, filters, room))

    def _scatter(
        self, at: Lowering, x: Buffer, lists: tuple[Buffer, ...], sizes: tuple[int, int, int]
    ) -> None:
        geometry, gradient = self.geometry, at.input_gradient()
        run, rows = geometry.kernel[1] * geometry.channels, geometry.kernel[0]
        shape = (geometry.filters, rows * run)
        dw = _sum_of(at, "kernel", transposed=True)
        w, dx, direct = dw, dw, False
        if gradient is not None:
            flip = (1, rows * run, geometry.filters, 1)
            w = at.prepared("kernel", "flip", variant=(at.target.width,), shape=shape, sizes=flip)
            direct = not geometry.is_padded
            dx = gradient.buffer if direct else at.scratch(x.shape)
            if not (direct and gradient.accumulate):
                at.row("fill_zero", writes=(dx,), sizes=(dx.size,), per="sample")
        vectors = ceil(run / at.target.width)
        most = (at.target.registers - 2) // 2
        each = ceil(vectors / ceil(vectors / most))
        rest = vectors - run // (each * at.target.width) * each
        last = run % at.target.width
        at.row(
            "scatter_entries",
            variant=(at.target.width, each, rest, int(last > 0), int(gradient is not None)),
            reads=(*lists, x, w),
            writes=(dw, dx),
            sizes=(
                *sizes, rows, geometry.dilation[0] * geometry.padded[1] * geometry.channels, run,
                run // (each * at.target.width), last,
            ),
            per="sample",
        )  # fmt: skip
        if gradient is not None and not direct:
            at.row(
                "crop",
                variant=(int(gradient.accumulate),),
                reads=(dx,),
                writes=(gradient.buffer,),
                sizes=(*geometry.input, geometry.channels, *geometry.padded, *geometry.before),
                per="sample",
            )

    def _band(self, high: int, down: int) -> int:
        """Choose the rows of dy whose windows of x stay in cache while filters pass over them."""
        step = self.pool[0] * self.geometry.strides[0] * down * 4
        return max(1, min(high, BAND_BYTES // max(step, 1)))


def _sum_of(at: Lowering, name: str, *, transposed: bool = False) -> Buffer:
    """Give where samples add to the gradient of a parameter that learns."""
    gradient = at.parameter_gradient(name, per="sample", transposed=transposed)
    assert gradient is not None  # noqa: S101 - the layer writes no such rows when it is frozen
    return gradient.buffer
