"""Activations in float64, each with its slope: slow, and obviously right."""

from __future__ import annotations

from collections.abc import Callable
from math import erf, pi, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Twin(NamedTuple):
    """A function of each number and its derivative."""

    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]


def sigmoid(x: Array) -> Array:
    return np.exp(-np.logaddexp(0, -x))


def normal_share(x: Array) -> Array:
    return np.vectorize(lambda v: 0.5 * (1 + erf(v / sqrt(2))), otypes=[float])(x)


def elu(x: Array, alpha: float) -> Array:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def elu_slope(x: Array, alpha: float) -> Array:
    return np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0)))


def silu_slope(x: Array, scale: float = 1.0) -> Array:
    s = sigmoid(scale * x)
    return s + scale * x * s * (1 - s)


def gelu_slope(x: Array) -> Array:
    return normal_share(x) + x * np.exp(-x * x / 2) / sqrt(2 * pi)


def curve(x: Array) -> Array:
    """Give the argument of the tanh in the approximate gelu."""
    return sqrt(2 / pi) * (x + 0.044715 * x**3)


def approximate_gelu(x: Array) -> Array:
    return 0.5 * x * (1 + np.tanh(curve(x)))


def approximate_gelu_slope(x: Array) -> Array:
    t = np.tanh(curve(x))
    inner = sqrt(2 / pi) * (1 + 3 * 0.044715 * x**2)
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner


SELU, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772

TWINS: dict[str, Twin] = {
    "linear": Twin(lambda x: x, np.ones_like),
    "relu": Twin(lambda x: np.where(x < 0, 0, x), lambda x: np.where(x > 0, 1.0, 0)),
    "relu6": Twin(lambda x: np.clip(x, 0, 6), lambda x: np.where((x > 0) & (x < 6), 1.0, 0)),
    "leaky_relu": Twin(lambda x: np.where(x < 0, 0.2 * x, x), lambda x: np.where(x > 0, 1.0, 0.2)),
    "hard_sigmoid": Twin(
        lambda x: np.clip(x + 3, 0, 6) / 6, lambda x: np.where(np.abs(x) < 3, 1 / 6, 0)
    ),
    "hard_silu": Twin(
        lambda x: x * np.clip(x + 3, 0, 6) / 6,
        lambda x: np.where(x > 3, 1, np.where(x < -3, 0, x / 3 + 0.5)),
    ),
    "tanh": Twin(np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "sigmoid": Twin(sigmoid, lambda x: sigmoid(x) * sigmoid(-x)),
    "softplus": Twin(lambda x: np.logaddexp(0, x), sigmoid),
    "silu": Twin(lambda x: x * sigmoid(x), silu_slope),
    "elu": Twin(lambda x: elu(x, 1), lambda x: elu_slope(x, 1)),
    "selu": Twin(lambda x: SELU * elu(x, SELU_ALPHA), lambda x: SELU * elu_slope(x, SELU_ALPHA)),
    "gelu": Twin(lambda x: x * normal_share(x), gelu_slope),
    "approximate_gelu": Twin(approximate_gelu, approximate_gelu_slope),
}


def with_fields(
    name: str, *, negative_slope: float = 0.2, alpha: float = 1.0, approximate: bool = False
) -> Twin:
    """Give the twin of an activation whose fields a config sets."""
    if name == "leaky_relu":
        return Twin(
            lambda x: np.where(x < 0, negative_slope * x, x),
            lambda x: np.where(x > 0, 1.0, negative_slope),
        )
    if name == "elu":
        return Twin(lambda x: elu(x, alpha), lambda x: elu_slope(x, alpha))
    return TWINS["approximate_gelu" if approximate and name == "gelu" else name]


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax_gradient(x: Array, dy: Array) -> Array:
    y = softmax(x)
    return y * (dy - (dy * y).sum(-1, keepdims=True))
