"""Focal cross-entropies as one stable step from the logits: what is easy counts less.

q is the probability that the network does not give to the truth; the paper's 1 - p.
Source: Lin et al. 2017, arXiv:1708.02002, eq. 4 and 5; alpha and smoothing as in Keras.
"""

from __future__ import annotations

import numpy as np

from dltrain.core.labels import VOID
from dltrain.kernels.distances import crossentropy, one_hot
from dltrain.kernels.functions import exp, expm1, log, sigmoid
from dltrain.kernels.kernel import device, kernel
from dltrain.kernels.memory import f32, f64, i32, number
from dltrain.kernels.rows import log_sum_exp, share_of

ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)


@device
def power(q, gamma):  # type: ignore[no-untyped-def]
    """Give q ** gamma for q in [0, 1] and gamma >= 0."""
    if gamma == TWO:
        return q * q
    # The logarithm of 0 is infinite: its exponential is 0 again.
    return exp(gamma * log(q)) if gamma > ZERO else ONE


@device
def smoothed(t, smoothing, classes):  # type: ignore[no-untyped-def]
    """Give a target of which a share is spread evenly over classes."""
    return t + smoothing * (ONE / np.float32(classes) - t)


@device
def log_share(z, level):  # type: ignore[no-untyped-def]
    """Give log(p) = z - level, not above 0 though the level is rounded; NaN stays."""
    difference = z - level
    return ZERO if difference > ZERO else difference


@device
def focal(z, level, t, gamma):  # type: ignore[no-untyped-def]
    """Give t * q ** gamma * -log(p); a class without weight may have a logit of -inf."""
    if t == ZERO:
        return ZERO
    logp = log_share(z, level)
    return t * power(-expm1(logp), gamma) * -logp


@device
def focal_slope(z, level, t, gamma):  # type: ignore[no-untyped-def]
    """Give the derivative of `focal` by log(p)."""
    if t == ZERO:
        return ZERO
    logp = log_share(z, level)
    q = -expm1(logp)
    # log(p) / q goes to -1 where q goes to 0.
    ratio = logp / q if q != ZERO else -ONE
    return t * power(q, gamma) * (gamma * (ONE - q) * ratio - ONE)


@kernel
def categorical_focal_crossentropy_forward(dense, balanced):  # type: ignore[no-untyped-def]
    """Add, for each position, sum(alpha * t * q ** gamma * -log(p)), p = softmax(z).

    Operands z, p, target, total; sizes positions, classes; numbers gamma, label_smoothing, alpha,
    or with `balanced` that of each class. A label that is not a class makes the sum NaN.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, classes = args[16], args[17]
        gamma, smoothing = np.float32(number(args, 18)), np.float32(number(args, 19))
        for n in range(first, last):
            z, p = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
            labels, targets = i32(args, 2, n, lane, thread), f32(args, 2, n, lane, thread)
            total, loss = f64(args, 3, n, lane, thread), 0.0
            for position in range(positions):
                label = np.int64(0) if dense else np.int64(labels[position])
                if label == VOID:
                    continue
                start = position * classes
                level = log_sum_exp(z, p, start, classes)
                for c in range(classes):
                    t = targets[start + c] if dense else one_hot(label, c, classes)
                    t = smoothed(t, smoothing, classes)
                    alpha = number(args, 20 + (c if balanced else 0))
                    loss += alpha * focal(z[start + c], level, t, gamma)
            total[0] += loss

    return run


@kernel
def categorical_focal_crossentropy_backward(dense, balanced, accumulate):  # type: ignore[no-untyped-def]
    """dz = (g - p * sum(g)) / labelled positions; g are the slopes of the loss by log(p).

    Operands cells, z, p, target, dz; sizes positions, classes; numbers as forward.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, classes = args[20], args[21]
        gamma, smoothing = np.float32(number(args, 22)), np.float32(number(args, 23))
        share = np.float32(share_of(f64(args, 0, 0, 0, 0)))
        for n in range(first, last):
            z, p = f32(args, 1, n, lane, thread), f32(args, 2, n, lane, thread)
            labels, targets = i32(args, 3, n, lane, thread), f32(args, 3, n, lane, thread)
            dz = f32(args, 4, n, lane, thread)
            for position in range(positions):
                start = position * classes
                label = np.int64(0) if dense else np.int64(labels[position])
                level, total = log_sum_exp(z, p, start, classes), ZERO
                for k in range(2 * classes):
                    # The slopes are made twice: first for their sum, then for what each gives.
                    c = k if k < classes else k - classes
                    t = targets[start + c] if dense else one_hot(label, c, classes)
                    t = smoothed(t, smoothing, classes)
                    alpha = np.float32(number(args, 24 + (c if balanced else 0)))
                    slope = alpha * focal_slope(z[start + c], level, t, gamma)
                    if k < classes:
                        total += slope
                        continue
                    value = (slope - p[start + c] * total) * share
                    value = ZERO if label == VOID else value
                    dz[start + c] = dz[start + c] + value if accumulate else value

    return run


@device
def binary_focal(z, t, gamma):  # type: ignore[no-untyped-def]
    """Give q ** gamma times the cross-entropy of sigmoid(z) and t."""
    q = t * sigmoid(-z) + (ONE - t) * sigmoid(z)
    return power(q, gamma) * crossentropy(z, t, 0.0)


@device
def binary_focal_slope(z, t, gamma):  # type: ignore[no-untyped-def]
    """Give the derivative of `binary_focal` by z."""
    p, rest = sigmoid(z), sigmoid(-z)
    q = t * rest + (ONE - t) * p
    # q and its slope are 0 together.
    ratio = (ONE - TWO * t) * p * rest / q if q != ZERO else ZERO
    return power(q, gamma) * (gamma * ratio * crossentropy(z, t, 0.0) + p - t)


@device
def balance(t, alpha):  # type: ignore[no-untyped-def]
    """Give alpha for a target of 1, 1 - alpha for 0; 1 where alpha is negative: no balancing."""
    return t * alpha + (ONE - t) * (ONE - alpha) if alpha >= ZERO else ONE


@kernel
def binary_focal_crossentropy_forward(dense):  # type: ignore[no-untyped-def]
    """Add, for each position, the mean over units of balance * q ** gamma * cross-entropy.

    Operands z, target, total; sizes positions, units; numbers gamma, label_smoothing, alpha
    (negative for none). A label that is not a class makes the sum NaN.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, units = args[12], args[13]
        gamma, smoothing = np.float32(number(args, 14)), np.float32(number(args, 15))
        alpha = np.float32(number(args, 16))
        for n in range(first, last):
            z, total = f32(args, 0, n, lane, thread), f64(args, 2, n, lane, thread)
            labels, targets = i32(args, 1, n, lane, thread), f32(args, 1, n, lane, thread)
            loss = 0.0
            for i in range(positions * units):
                if not dense and labels[i // units] == VOID:
                    continue
                t = targets[i] if dense else one_hot(labels[i // units], i % units, units)
                t = smoothed(t, smoothing, 2)
                loss += np.float64(balance(t, alpha) * binary_focal(z[i], t, gamma))
            total[0] += loss / units

    return run


@kernel
def binary_focal_crossentropy_backward(dense, accumulate):  # type: ignore[no-untyped-def]
    """dz = balance * the slope of the loss by z / (labelled positions * units).

    Operands cells, z, target, dz; sizes positions, units; numbers as forward.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, units = args[16], args[17]
        gamma, smoothing = np.float32(number(args, 18)), np.float32(number(args, 19))
        alpha = np.float32(number(args, 20))
        share = np.float32(share_of(f64(args, 0, 0, 0, 0)) / units)
        for n in range(first, last):
            z, dz = f32(args, 1, n, lane, thread), f32(args, 3, n, lane, thread)
            labels, targets = i32(args, 2, n, lane, thread), f32(args, 2, n, lane, thread)
            for i in range(positions * units):
                t = targets[i] if dense else one_hot(labels[i // units], i % units, units)
                t = smoothed(t, smoothing, 2)
                value = balance(t, alpha) * binary_focal_slope(z[i], t, gamma) * share
                if not dense and labels[i // units] == VOID:
                    value = ZERO
                dz[i] = dz[i] + value if accumulate else value

    return run
