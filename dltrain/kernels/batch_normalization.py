"""Statistics of batch normalization: what each sample leaves, and what the batch makes of it.

Of every channel a sample leaves its mean and its sum of squared deviations, backward two sums of
its gradient; a row per batch merges them in the order of the samples, in float64.
"""

from __future__ import annotations

import math

import numpy as np

from dltrain.core.cells import BATCH, STATUS
from dltrain.kernels.integers import smaller
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import address, f32, f64, number
from dltrain.kernels.piecewise_vectors import passed
from dltrain.kernels.simd import add_wide, fma, load, splat, store, store_first

CHUNK = 64
"""Pixels whose sum float32 holds, before float64 takes it over."""
ZERO = np.float32(0)


@device
def clear_sums(sums, count):  # type: ignore[no-untyped-def]
    """Set float64 numbers to zero."""
    for k in range(count):
        sums[k] = 0.0


@kernel
def batch_moments(width):  # type: ignore[no-untyped-def]
    """Give each channel's mean and sum of squared deviations over the pixels of a sample.

    Operands x (pixels, channels), moments (2, room; float64). Sizes: pixels, channels, room (the
    channels rounded up to whole vectors of 16). Sums are taken of deviations from the middle pixel,
    so that a mean far from zero costs no digits.
    """

    @device
    def add_deviations(x, step, pixels, shift, sums, squares):  # type: ignore[no-untyped-def]
        zero, p = splat(width, ZERO), 0
        while p < pixels:
            stop = smaller(p + CHUNK, pixels)
            s, t, q, r = zero, zero, zero, zero
            while p + 2 <= stop:
                a, b = load(width, x + p * step) - shift, load(width, x + (p + 1) * step) - shift
                s, t, q, r = s + a, t + b, fma(a, a, q), fma(b, b, r)
                p += 2
            if p < stop:
                a = load(width, x + p * step) - shift
                s, q = s + a, fma(a, a, q)
                p += 1
            add_wide(sums, s + t)
            add_wide(sums + squares, q + r)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        pixels, channels, room = args[8], args[9], args[10]
        for n in range(first, last):
            x, out = address(args, 0, n, lane, thread), address(args, 1, n, lane, thread)
            middle, sums = f32(args, 0, n, lane, thread), f64(args, 1, n, lane, thread)
            start = pixels // 2 * channels
            clear_sums(sums, 2 * room)
            c = 0
            while c < channels:
                shift = load(width, x + 4 * (start + c))
                add_deviations(x + 4 * c, 4 * channels, pixels, shift, out + 8 * c, 8 * room)
                c += width
            for k in range(channels):
                mean = sums[k] / pixels
                rest = sums[room + k] - sums[k] * mean
                sums[k] = mean + middle[start + k]
                sums[room + k] = 0.0 if rest < 0.0 else rest

    return run


@kernel
def batch_statistics(scaled):  # type: ignore[no-untyped-def]
    """Merge the moments of all samples into mean and variance of channels [first, last).

    Operands moments, gamma, cells, statistics (2, room; float64), mean, inverse (of the standard
    deviation), scale (channels,). Sizes: pixels, room. Number: epsilon. With `scaled` the scale is
    gamma * inverse, else the inverse.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        pixels, room, epsilon = args[28], args[29], number(args, 30)
        gamma, cells = f32(args, 1, 0, 0, 0), f64(args, 2, 0, 0, 0)
        total, mean = f64(args, 3, 0, 0, 0), f32(args, 4, 0, 0, 0)
        inverse, scale = f32(args, 5, 0, 0, 0), f32(args, 6, 0, 0, 0)
        batch = np.int64(cells[BATCH])
        for c in range(first, last):
            total[c] = 0.0
            total[room + c] = 0.0
        for n in range(batch):
            moments = f64(args, 0, n, 0, 0)
            for c in range(first, last):
                total[c] += moments[c]
        for c in range(first, last):
            total[c] /= batch
        for n in range(batch):
            moments = f64(args, 0, n, 0, 0)
            for c in range(first, last):
                away = moments[c] - total[c]
                total[room + c] += moments[room + c] + pixels * (away * away)
        for c in range(first, last):
            total[room + c] /= batch * pixels
            mean[c] = np.float32(total[c])
            factor = 1.0 / math.sqrt(total[room + c] + epsilon)
            inverse[c] = np.float32(factor)
            scale[c] = np.float32(gamma[c] * factor) if scaled else np.float32(factor)

    return run


@kernel
def kept_statistics(scaled):  # type: ignore[no-untyped-def]
    """Give mean, inverse and scale of channels [first, last) from the moving statistics.

    Operands gamma, moving mean, moving variance, mean, inverse, scale. Number: epsilon.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        epsilon = number(args, 24)
        gamma, kept = f32(args, 0, 0, 0, 0), f32(args, 1, 0, 0, 0)
        variance, mean = f32(args, 2, 0, 0, 0), f32(args, 3, 0, 0, 0)
        inverse, scale = f32(args, 4, 0, 0, 0), f32(args, 5, 0, 0, 0)
        for c in range(first, last):
            mean[c] = kept[c]
            factor = 1.0 / math.sqrt(variance[c] + epsilon)
            inverse[c] = np.float32(factor)
            scale[c] = np.float32(gamma[c] * factor) if scaled else np.float32(factor)

    return run


@kernel
def scale_columns():  # type: ignore[no-untyped-def]
    """Scale rows [first, last) of a kernel, channel by channel.

    Operands w, scale, y. Size: channels.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        channels = args[12]
        w, scale, y = f32(args, 0, 0, 0, 0), f32(args, 1, 0, 0, 0), f32(args, 2, 0, 0, 0)
        for row in range(first, last):
            for c in range(channels):
                y[row * channels + c] = w[row * channels + c] * scale[c]

    return run


@kernel
def fold_bias(biased, centered):  # type: ignore[no-untyped-def]
    """Give what a normalization adds to channels [first, last): beta + (bias - mean) * scale.

    Operands bias, beta, mean, scale, y.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        bias, beta, mean = f32(args, 0, 0, 0, 0), f32(args, 1, 0, 0, 0), f32(args, 2, 0, 0, 0)
        scale, y = f32(args, 3, 0, 0, 0), f32(args, 4, 0, 0, 0)
        for c in range(first, last):
            away = -np.float64(mean[c])
            if biased:
                away += bias[c]
            total = away * scale[c]
            if centered:
                total += beta[c]
            y[c] = np.float32(total)

    return run


@kernel
def move_statistics():  # type: ignore[no-untyped-def]
    """Move the kept statistics of channels [first, last) towards the batch's.

    Operands statistics (2, room; float64), cells, moving mean, moving variance. Size: room. Number:
    momentum. Nothing moves where the step was refused.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        room, momentum = args[16], number(args, 17)
        total, cells = f64(args, 0, 0, 0, 0), f64(args, 1, 0, 0, 0)
        mean, variance = f32(args, 2, 0, 0, 0), f32(args, 3, 0, 0, 0)
        if cells[STATUS] != 0.0:
            return
        for c in range(first, last):
            mean[c] = np.float32(mean[c] * momentum + total[c] * (1.0 - momentum))
            there = total[room + c]
            variance[c] = np.float32(variance[c] * momentum + there * (1.0 - momentum))

    return run


def gradient_of(width, kind, added, given, accumulate):  # type: ignore[no-untyped-def]
    """Make the function that stores the gradient of a vector of channels of one pixel.

    It gives the gradient and x - mean; the switches are those of `batch_gradient_sums`.
    """
    gate = passed(width, kind)

    @device
    def gradient(dz, x, z, ds, mean, scale, beta, room):  # type: ignore[no-untyped-def]
        deviation = load(width, x) - mean
        value = load(width, z) if added else fma(deviation, scale, beta)
        g = gate(load(width, dz), value)
        if room < width:
            store_first(dz, g, room)
        else:
            store(dz, g)
        if given:
            total = load(width, ds) + g if accumulate else g
            if room < width:
                store_first(ds, total, room)
            else:
                store(ds, total)
        return g, deviation

    return gradient


@kernel
def batch_gradient_sums(width, kind, added, given, accumulate):  # type: ignore[no-untyped-def]
    """Take the gradient back through the activation, in place, and leave its sums over pixels.

    Operands x, mean, scale, beta (of zeros where there is none), z, dz, sums (2, room; float64) of
    the gradient and of its products with x - mean, the shortcut's gradient. Sizes: pixels,
    channels, room. Where a shortcut was `added` the activation's output is z, elsewhere it is
    computed again; a shortcut's gradient that is wanted (`given`) is stored or accumulated.
    """
    gradient = gradient_of(width, kind, added, given, accumulate)

    @device
    def add_sums(dz, x, z, ds, step, pixels, mean, scale, beta, room, sums, products):  # type: ignore[no-untyped-def]
        zero, p = splat(width, ZERO), 0
        while p < pixels:
            stop = smaller(p + CHUNK, pixels)
            s, t, q, r = zero, zero, zero, zero
            while p + 2 <= stop:
                at, after = p * step, (p + 1) * step
                g, a = gradient(dz + at, x + at, z + at, ds + at, mean, scale, beta, room)
                h, b = gradient(
                    dz + after, x + after, z + after, ds + after, mean, scale, beta, room
                )
                s, t, q, r = s + g, t + h, fma(g, a, q), fma(h, b, r)
                p += 2
            if p < stop:
                at = p * step
                g, a = gradient(dz + at, x + at, z + at, ds + at, mean, scale, beta, room)
                s, q = s + g, fma(g, a, q)
                p += 1
            add_wide(sums, s + t)
            add_wide(sums + products, q + r)

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        pixels, channels, room = args[32], args[33], args[34]
        means, scales = address(args, 1, first, lane, thread), address(args, 2, first, lane, thread)
        betas = address(args, 3, first, lane, thread)
        for n in range(first, last):
            x, z = address(args, 0, n, lane, thread), address(args, 4, n, lane, thread)
            dz, out = address(args, 5, n, lane, thread), address(args, 6, n, lane, thread)
            ds = address(args, 7, n, lane, thread)
            clear_sums(f64(args, 6, n, lane, thread), 2 * room)
            c = 0
            while c < channels:
                at = 4 * c
                add_sums(
                    dz + at,
                    x + at,
                    z + at,
                    ds + at,
                    4 * channels,
                    pixels,
                    load(width, means + at),
                    load(width, scales + at),
                    load(width, betas + at),
                    smaller(width, channels - c),
                    out + 8 * c,
                    8 * room,
                )
                c += width

    return run


@kernel
def batch_coefficients(moving, gamma, beta):  # type: ignore[no-untyped-def]
    """Sum the gradient's sums over the batch, and give what the input's gradient is made of.

    Operands sums, inverse, scale, cells, total (2, room; float64), slope, offset (channels,),
    dgamma, dbeta. Sizes: pixels, room.
    The gradient is scale * g + slope * (x - mean) + offset; with
    `moving` statistics the last two are 0. Modes of gamma and beta: 0 leaves their gradient alone,
    1 stores it, 2 adds to it.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        pixels, room = args[36], args[37]
        inverse, scale = f32(args, 1, 0, 0, 0), f32(args, 2, 0, 0, 0)
        cells, total = f64(args, 3, 0, 0, 0), f64(args, 4, 0, 0, 0)
        slope, offset = f32(args, 5, 0, 0, 0), f32(args, 6, 0, 0, 0)
        dgamma, dbeta = f32(args, 7, 0, 0, 0), f32(args, 8, 0, 0, 0)
        batch = np.int64(cells[BATCH])
        for c in range(first, last):
            total[c] = 0.0
            total[room + c] = 0.0
        for n in range(batch):
            sums = f64(args, 0, n, 0, 0)
            for c in range(first, last):
                total[c] += sums[c]
                total[room + c] += sums[room + c]
        for c in range(first, last):
            factor = np.float64(inverse[c])
            product = np.float32(total[room + c] * factor)
            if gamma:
                dgamma[c] = dgamma[c] + product if gamma == 2 else product
            if beta:
                whole = np.float32(total[c])
                dbeta[c] = dbeta[c] + whole if beta == 2 else whole
            share = 0.0 if moving else -np.float64(scale[c]) / (batch * pixels)
            slope[c] = np.float32(share * factor * factor * total[room + c])
            offset[c] = np.float32(share * total[c])

    return run
