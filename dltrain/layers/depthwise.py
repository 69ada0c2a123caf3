"""The rows of a convolution in which every channel has one filter of its own."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from dltrain.core.lowering import Buffer, Lowering
from dltrain.layers.tiling import choose

if TYPE_CHECKING:
    from dltrain.layers.convolution import Convolution, LaidOut

BAND_PIXELS = 64
"""Pixels of the output gradient, at least, that a kernel's gradient is held in registers for."""


def convolve(
    at: Lowering, geometry: Convolution, operands: tuple[Buffer, ...], y: Buffer, *,
    start: int, relu: int,
) -> None:  # fmt: skip
    """Write the row y = x * kernel for operands (x, kernel, bias); start as in `Convolution`."""
    rows, columns = geometry.output
    tiling = choose(columns, geometry.channels, at.target, paired=True)
    at.row(
        "convolve_depthwise",
        variant=(*tiling.variant, start, relu),
        reads=operands,
        writes=(y,),
        sizes=(
            *(rows, tiling.tiles, tiling.blocks, tiling.columns),
            *(geometry.channels, *geometry.kernel),
            *_strides(geometry),
            columns * geometry.channels,
        ),
        per="sample",
    )


def weights(at: Lowering, geometry: Convolution, x: Buffer, dy: LaidOut, dw: Buffer) -> None:
    """Write the row that adds the kernel's gradient to dw."""
    tiling = choose(geometry.kernel[1], geometry.channels, at.target, paired=True)
    at.row(
        "convolve_depthwise_weights",
        variant=tiling.variant,
        reads=(x, dy.buffer),
        writes=(dw,),
        sizes=(
            *(*geometry.output, ceil(BAND_PIXELS / geometry.output[1])),
            *(tiling.tiles, tiling.blocks, tiling.columns),
            *(geometry.channels, *geometry.kernel),
            *_strides(geometry),
            *(dy.down, dy.across, dy.offset),
        ),
        per="sample",
    )


def _strides(geometry: Convolution) -> tuple[int, int, int, int]:
    """Give the strides of x per output row, output column, kernel row and kernel column."""
    down, across = geometry.padded[1] * geometry.channels, geometry.channels
    strides, dilation = geometry.strides, geometry.dilation
    return strides[0] * down, strides[1] * across, dilation[0] * down, dilation[1] * across
