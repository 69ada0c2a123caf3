"""Affine steps of batch normalization, channel by channel, in the form that a reader wants."""

from __future__ import annotations

from dltrain.kernels.channelwise import image
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.piecewise_vectors import activated
from dltrain.kernels.simd import fma, load


@kernel
def batch_normalize(width, kind, added, form=0):  # type: ignore[no-untyped-def]
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

    return image(width, pixel, form)


@kernel
def batch_input_gradient(width, accumulate, form=0):  # type: ignore[no-untyped-def]
    """dx = scale * g + slope * (x - mean) + offset, stored or accumulated.

    Operands x, g, mean, scale, slope, offset, dx.
    """

    @device
    def pixel(x, g, dx, mean, scale, slope, offset):  # type: ignore[no-untyped-def]
        value = fma(scale, load(width, g), fma(slope, load(width, x) - mean, offset))
        if accumulate:
            value = value + load(width, dx)
        return value

    return image(width, pixel, form)
