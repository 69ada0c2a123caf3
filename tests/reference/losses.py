"""Losses and metrics in float64. Targets are dense, (samples, positions..., units)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tests.reference.activations import sigmoid, softmax

Array = NDArray[np.float64]


def one_hot(labels: NDArray[np.int32], units: int) -> Array:
    """Turn labels into targets: the label itself for a single unit."""
    return labels[..., None].astype(float) if units == 1 else np.eye(units)[labels]


def smoothed(target: Array, share: float) -> Array:
    return target * (1 - share) + share / target.shape[-1]


def categorical_crossentropy(z: Array, target: Array) -> float:
    """Give the mean over samples and positions, from logits."""
    return float(np.mean(-(target * np.log(softmax(z))).sum(-1)))


def categorical_crossentropy_gradient(z: Array, target: Array) -> Array:
    return (softmax(z) * target.sum(-1, keepdims=True) - target) / (z.size / z.shape[-1])


def binary_crossentropy(z: Array, target: Array) -> float:
    """Give the mean over samples, positions and units, from logits."""
    p = sigmoid(z)
    return float(np.mean(-target * np.log(p) - (1 - target) * np.log(1 - p)))


def binary_crossentropy_gradient(z: Array, target: Array) -> Array:
    return (sigmoid(z) - target) / z.size


def mean_squared_error(y: Array, target: Array) -> float:
    return float(np.mean((y - target) ** 2))


def mean_squared_error_gradient(y: Array, target: Array) -> Array:
    return 2 * (y - target) / y.size


def top_k_accuracy(y: Array, target: Array, k: int) -> float:
    """Give the share of positions whose true class stands among the first k, in stable order."""
    order = np.argsort(-y, axis=-1, kind="stable")[..., :k]
    return float(np.mean((order == target.argmax(-1)[..., None]).any(-1)))


def binary_accuracy(y: Array, target: Array) -> float:
    return float(np.mean((y > 0.5) == (target > 0.5)))
