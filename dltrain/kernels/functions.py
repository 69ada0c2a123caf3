"""exp, log, tanh, sigmoid, sine and their like in float32, in loops that vectorize.

Each is within 3e-7 of float64, relative, where the result is a normal number; infinities, NaN and
underflow come out as in IEEE arithmetic. Polynomials are minimax fits of the functions named beside
them, made for these intervals. No branches: both sides are computed and one is selected.
"""

from __future__ import annotations

import numpy as np

from dltrain.kernels.bits import exponent_of, fraction_of, nearest_whole, power_of_two, select
from dltrain.kernels.kernel import device

ZERO, HALF, ONE, TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
INFINITY = np.float32(np.inf)
NOT_A_NUMBER = np.float32(np.nan)

EXP_TOP, EXP_BOTTOM = np.float32(89), np.float32(-104)
"""Beyond these the result is infinite, or rounds to 0."""
LOG2_E = np.float32(1.44269504)
# ln 2 in two parts: the first has 9 zero bits at its end, so its product with k is exact.
LN2_HIGH, LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)

# (exp(r) - 1 - r) / r**2 on |r| <= ln(2) / 2: 3e-9 of exp(r).
E0, E1, E2 = np.float32(0.49999994), np.float32(0.1666652), np.float32(0.041668393)
E3, E4 = np.float32(0.008368781), np.float32(0.0013814467)

# (log(1 + t) - t + t**2 / 2) / t**3 on [sqrt(0.5) - 1, sqrt(2) - 1]: 6e-9 of log(1 + t).
L0, L1, L2 = (
    np.float32(0.3333333134651184),
    np.float32(-0.2500082552433014),
    np.float32(0.200012356),
)
L3, L4, L5 = np.float32(-0.16623143851), np.float32(0.14201368391), np.float32(-0.13162003457)
L6, L7 = np.float32(0.12765428423), np.float32(-0.07634388655)
TINY = np.float32(1.17549435e-38)
LIFT, LIFTED = np.float32(8388608), np.float32(23)
"""Subnormal numbers are multiplied by 2**23 before they are taken apart."""

# (atanh(s) / s - 1) / s**2 as a polynomial in s**2 on [0, 1/9]: 1e-10.
A0, A1, A2 = np.float32(0.33333337307), np.float32(0.19999438524), np.float32(0.14308442175)
A3, A4 = np.float32(0.107138291), np.float32(0.12150466442)

# (tanh(x) / x - 1) / x**2 as a polynomial in x**2 on |x| <= 0.7: 7e-10.
T0, T1, T2 = np.float32(-0.33333325386), np.float32(0.13332983851), np.float32(-0.05392095447)
T3, T4, T5 = np.float32(0.02157106064), np.float32(-0.00788331125), np.float32(0.00189566752)
TANH_SMALL = np.float32(0.65)

# sin(q * pi / 2) / q and (cos(q * pi / 2) - 1) / q**2 as polynomials in q**2 on |q| <= 1/2: 5e-9.
S0, S1 = np.float32(1.5707963705), np.float32(-0.64596349001)
S2, S3 = np.float32(0.079680226743), np.float32(-0.0046021770686)
C0, C1 = np.float32(-1.2337005138), np.float32(0.25366941094)
C2, C3 = np.float32(-0.020861530676), np.float32(0.00090674718376)


@device
def exp(x):  # type: ignore[no-untyped-def]
    """Give e**x."""
    t = select(x > EXP_TOP, EXP_TOP, x)
    t = select(t < EXP_BOTTOM, EXP_BOTTOM, t)
    k = nearest_whole(t * LOG2_E)
    r = (t - k * LN2_HIGH) - k * LN2_LOW
    p = (((E4 * r + E3) * r + E2) * r + E1) * r + E0
    p = p * (r * r) + r + ONE
    # 2**k in two factors: one would leave the range at both ends.
    half = nearest_whole(k * HALF)
    value = p * power_of_two(half) * power_of_two(k - half)
    return select(x == x, value, x)


@device
def expm1(x):  # type: ignore[no-untyped-def]
    """Give e**x - 1 for x <= 0, to full relative precision near 0."""
    t = select(x < -LIFTED, -LIFTED, x)
    k = nearest_whole(t * LOG2_E)
    r = (t - k * LN2_HIGH) - k * LN2_LOW
    p = (((E4 * r + E3) * r + E2) * r + E1) * r + E0
    scale = power_of_two(k)
    value = scale * (p * (r * r) + r) + (scale - ONE)
    return select(x == x, value, x)


@device
def log(x):  # type: ignore[no-untyped-def]
    """Give the natural logarithm; -inf at 0, NaN below."""
    small = x < TINY
    lifted = select(small, x * LIFT, x)
    e = exponent_of(lifted) - select(small, LIFTED, ZERO)
    t = fraction_of(lifted) - ONE
    p = ((L7 * t + L6) * t + L5) * t + L4
    p = (((p * t + L3) * t + L2) * t + L1) * t + L0
    z = t * t
    value = e * LN2_HIGH + (t + (z * (t * p - HALF) + e * LN2_LOW))
    value = select(x < INFINITY, value, x)
    value = select(x != ZERO, value, -INFINITY)
    return select(x < ZERO, NOT_A_NUMBER, value)


@device
def log1p(u):  # type: ignore[no-untyped-def]
    """Give log(1 + u) for u in [0, 1], to full relative precision near 0."""
    s = u / (TWO + u)
    z = s * s
    p = (((A4 * z + A3) * z + A2) * z + A1) * z + A0
    return TWO * (s + s * (z * p))


@device
def sigmoid(x):  # type: ignore[no-untyped-def]
    """Give 1 / (1 + e**-x)."""
    return ONE / (ONE + exp(-x))


@device
def softplus(x):  # type: ignore[no-untyped-def]
    """Give log(1 + e**x) without overflow."""
    positive = select(x < ZERO, ZERO, x)
    magnitude = select(x > ZERO, -x, x)
    return positive + log1p(exp(magnitude))


@device
def tanh(x):  # type: ignore[no-untyped-def]
    """Give the hyperbolic tangent."""
    magnitude = select(x < ZERO, -x, x)
    z = x * x
    p = ((((T5 * z + T4) * z + T3) * z + T2) * z + T1) * z + T0
    near = x + x * (z * p)
    far = ONE - TWO / (exp(magnitude + magnitude) + ONE)
    far = select(x < ZERO, -far, far)
    return select(magnitude < TANH_SMALL, near, far)


@device
def sine(q):  # type: ignore[no-untyped-def]
    """Give the sine of q quarter turns, |q| <= 1/2."""
    z = q * q
    return q * (((S3 * z + S2) * z + S1) * z + S0)


@device
def cosine(q):  # type: ignore[no-untyped-def]
    """Give the cosine of q quarter turns, |q| <= 1/2."""
    z = q * q
    return ONE + z * (((C3 * z + C2) * z + C1) * z + C0)
