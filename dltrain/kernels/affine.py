"""Affine steps of batch normalization, channel by channel, into images of zeros where wanted.

A convolution wants its input, and its output's gradient, among zeros. So these kernels have the
sizes of `pad` and do its work on the way.
"""

from __future__ import annotations

from dltrain.kernels.integers import smaller
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import address, f32
from dltrain.kernels.piecewise_vectors import activated
from dltrain.kernels.rearrange import clear
from dltrain.kernels.simd import fma, load, store, store_first


@device
def clear_around(y, high, wide, channels, top, left, rows, columns):  # type: ignore[no-untyped-def]
    """Set an image to zero where none of rows x columns pixels, side by side, will be written."""
    clear(y, 0, top * wide * channels)
    for i in range(rows):
        row = (top + i) * wide * channels
        clear(y, row, row + left * channels)
        clear(y, row + (left + columns) * channels, row + wide * channels)
    clear(y, (top + rows) * wide * channels, high * wide * channels)


@device
def begin(start, step):  # type: ignore[no-untyped-def]
    """Give the first k with start + k * step >= 0."""
    return 0 if start >= 0 else (step - 1 - start) // step


@device
def end(start, step, count, extent):  # type: ignore[no-untyped-def]
    """Give the first k with start + k * step >= extent, at most count."""
    return smaller(count, (extent - start + step - 1) // step)


@device
def clear_rest(args, n, lane, thread):  # type: ignore[no-untyped-def]
    """Set to zero what `channelwise` will not write, if there is any."""
    height, width, channels, high, wide = args[28], args[29], args[30], args[31], args[32]
    top, left, down, across = args[33], args[34], args[35], args[36]
    moved = top != 0 or left != 0 or down != 1 or across != 1
    if high == height and wide == width and not moved:
        return
    z = f32(args, 6, n, lane, thread)
    whole = top >= 0 and left >= 0 and top + height <= high and left + width <= wide
    if whole and down == 1 and across == 1:
        clear_around(z, high, wide, channels, top, left, height, width)
    else:
        clear(z, 0, high * wide * channels)


def strips(width, pixel):  # type: ignore[no-untyped-def]
    """Make the function that takes a vector of channels along `count` pixels."""

    @device
    def strip(x, s, z, count, step, ahead, a, b, c, d, room):  # type: ignore[no-untyped-def]
        if room < width:
            for _ in range(count):
                store_first(z, pixel(x, s, z, a, b, c, d), room)
                x, s, z = x + step, s + step, z + ahead
        else:
            for _ in range(count):
                store(z, pixel(x, s, z, a, b, c, d))
                x, s, z = x + step, s + step, z + ahead

    return strip


def channelwise(width, pixel):  # type: ignore[no-untyped-def]
    """Make the kernel that applies `pixel(x, s, z, a, b, c, d)` to vectors of channels.

    Operands x, s (images), a, b, c, d (channels,), z; sizes as those of `pad`. `pixel` takes the
    addresses of a vector of x, s and z, and vectors of a to d that stay in registers.
    """
    strip = strips(width, pixel)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        height, columns, channels, high, wide = args[28], args[29], args[30], args[31], args[32]
        top, left, down, across = args[33], args[34], args[35], args[36]
        i_first, i_last = begin(top, down), end(top, down, height, high)
        j_first, j_last = begin(left, across), end(left, across, columns, wide)
        step, ahead = 4 * channels, 4 * across * channels
        for n in range(first, last):
            x, s = address(args, 0, n, lane, thread), address(args, 1, n, lane, thread)
            z = address(args, 6, n, lane, thread)
            clear_rest(args, n, lane, thread)
            at = 0
            while at < channels:
                a = load(width, address(args, 2, n, lane, thread) + 4 * at)
                b = load(width, address(args, 3, n, lane, thread) + 4 * at)
                c = load(width, address(args, 4, n, lane, thread) + 4 * at)
                d = load(width, address(args, 5, n, lane, thread) + 4 * at)
                for i in range(i_first, i_last):
                    here = 4 * ((i * columns + j_first) * channels + at)
                    row = (top + i * down) * wide + left + j_first * across
                    there, count = 4 * (row * channels + at), j_last - j_first
                    room = channels - at
                    strip(x + here, s + here, z + there, count, step, ahead, a, b, c, d, room)
                at += width

    return run


@kernel
def batch_normalize(width, kind, added):  # type: ignore[no-untyped-def]
    """z = f((x - mean) * scale + beta), with a shortcut s inside f where one is `added`.

    Operands x, s, mean, scale, beta, beta, z.
    """
    activate = activated(width, kind)

    @device
    def pixel(x, s, z, mean, scale, beta, unused):  # type: ignore[no-untyped-def]
        value = fma(load(width, x) - mean, scale, beta)
        if added:
            value = value + load(width, s)
        return activate(value)

    return channelwise(width, pixel)


@kernel
def batch_input_gradient(width, accumulate):  # type: ignore[no-untyped-def]
    """dx = scale * g + slope * (x - mean) + offset, stored or accumulated.

    Operands x, g, mean, scale, slope, offset, dx.
    """

    @device
    def pixel(x, g, dx, mean, scale, slope, offset):  # type: ignore[no-untyped-def]
        value = fma(scale, load(width, g), fma(slope, load(width, x) - mean, offset))
        if accumulate:
            value = value + load(width, dx)
        return value

    return channelwise(width, pixel)
