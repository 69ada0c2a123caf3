"""The normal distribution's share below x, and the slope of x times it: gelu and its gradient.

Both are 1/2 and an odd function, x times a ratio of polynomials in x**2, in place of the error
function and an exponential, which take twice as long. The ratios are minimax fits, to 6e-9
absolute, up to where the functions are 0 or 1 in float32; with roundings each is within 2.5e-7.
"""

from __future__ import annotations

import numpy as np

from dltrain.kernels.bits import select
from dltrain.kernels.kernel import device

HALF, ONE = np.float32(0.5), np.float32(1)

SHARE_TOP, SLOPE_TOP = np.float32(5.42), np.float32(6)
"""Beyond these the share and the slope count as 0 or 1."""

# (share - 1/2) / x = P(x**2) / Q(x**2).
P0, P1, P2 = np.float32(0.398942232132), np.float32(0.0334648936987), np.float32(0.00465585198253)
P3, P4 = np.float32(0.000165181758348), np.float32(6.35751712252e-06)
P5 = np.float32(2.32568968528e-08)
Q1, Q2 = np.float32(0.250550121069), np.float32(0.0284299887717)
Q3, Q4 = np.float32(0.00186383351684), np.float32(7.26336947992e-05)
Q5 = np.float32(1.21264395148e-06)

# (slope - 1/2) / x = R(x**2) / S(x**2).
R0, R1, R2 = np.float32(0.797884523869), np.float32(-0.018037924543), np.float32(0.0135690066963)
R3, R4, R5 = (
    np.float32(0.000285225745756),
    np.float32(3.2027161069e-05),
    np.float32(1.12193924906e-06),
)
R6, R7 = np.float32(1.30030919365e-08), np.float32(-2.88803165410e-11)
S1, S2, S3 = np.float32(0.310725659132), np.float32(0.0455828532577), np.float32(0.00415022438392)
S4, S5 = np.float32(0.000258606567513), np.float32(1.08122576421e-05)
S6 = np.float32(3.63637781220e-07)


@device
def within(x, top):  # type: ignore[no-untyped-def]
    """Keep x between -top and top; NaN stays NaN."""
    t = select(x > top, top, x)
    return select(t < -top, -top, t)


@device
def about_half(x, top, ratio):  # type: ignore[no-untyped-def]
    """Give 1/2 + ratio, but 0 or 1 beyond the top."""
    odd = select(x >= top, HALF, ratio)
    return HALF + select(x <= -top, -HALF, odd)


@device
def normal_share(x):  # type: ignore[no-untyped-def]
    """Give the share of the normal distribution that lies below x."""
    t = within(x, SHARE_TOP)
    u = t * t
    p = ((((P5 * u + P4) * u + P3) * u + P2) * u + P1) * u + P0
    q = ((((Q5 * u + Q4) * u + Q3) * u + Q2) * u + Q1) * u + ONE
    return about_half(x, SHARE_TOP, t * (p / q))


@device
def normal_slope(x):  # type: ignore[no-untyped-def]
    """Give the derivative of x * normal_share(x): the share and x times the density."""
    t = within(x, SLOPE_TOP)
    u = t * t
    r = ((((((R7 * u + R6) * u + R5) * u + R4) * u + R3) * u + R2) * u + R1) * u + R0
    s = (((((S6 * u + S5) * u + S4) * u + S3) * u + S2) * u + S1) * u + ONE
    return about_half(x, SLOPE_TOP, t * (r / s))
