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


def categorical_focal_crossentropy(
    z: Array, target: Array, alpha: Array | float = 0.25, gamma: float = 2.0
) -> float:
    p = softmax(z)
    return float(np.mean((alpha * target * (1 - p) ** gamma * -np.log(p)).sum(-1)))


def categorical_focal_crossentropy_gradient(
    z: Array, target: Array, alpha: Array | float = 0.25, gamma: float = 2.0
) -> Array:
    p = softmax(z)
    by_p = gamma * (1 - p) ** (gamma - 1) * np.log(p) - (1 - p) ** gamma / p
    g: Array = alpha * target * by_p * p
    return (g - p * g.sum(-1, keepdims=True)) / (z.size / z.shape[-1])


def binary_focal_crossentropy(
    z: Array, target: Array, alpha: float | None = None, gamma: float = 2.0
) -> float:
    p = sigmoid(z)
    q = 1 - target * p - (1 - target) * (1 - p)
    each = q**gamma * (-target * np.log(p) - (1 - target) * np.log(1 - p))
    return float(np.mean(each * _balance(target, alpha)))


def binary_focal_crossentropy_gradient(
    z: Array, target: Array, alpha: float | None = None, gamma: float = 2.0
) -> Array:
    p = sigmoid(z)
    q = 1 - target * p - (1 - target) * (1 - p)
    loss = -target * np.log(p) - (1 - target) * np.log(1 - p)
    slope = (1 - 2 * target) * p * (1 - p)
    each = gamma * q ** (gamma - 1) * slope * loss + q**gamma * (p - target)
    return each * _balance(target, alpha) / z.size


def _balance(target: Array, alpha: float | None) -> Array | float:
    return 1.0 if alpha is None else target * alpha + (1 - target) * (1 - alpha)


def mean_squared_error(y: Array, target: Array) -> float:
    return float(np.mean((y - target) ** 2))


def mean_squared_error_gradient(y: Array, target: Array) -> Array:
    return 2 * (y - target) / y.size


def mean_absolute_error(y: Array, target: Array) -> float:
    return float(np.mean(np.abs(y - target)))


def mean_absolute_error_gradient(y: Array, target: Array) -> Array:
    return np.sign(y - target) / y.size


def huber(y: Array, target: Array, delta: float = 1.0) -> float:
    distance = np.abs(y - target)
    near, far = distance**2 / 2, delta * (distance - delta / 2)
    return float(np.mean(np.where(distance <= delta, near, far)))


def huber_gradient(y: Array, target: Array, delta: float = 1.0) -> Array:
    return np.clip(y - target, -delta, delta) / y.size


def r2_score(y: Array, target: Array) -> float:
    """Give the mean over the last axis of 1 - squared errors / squared distances from the mean."""
    y, target = y.reshape(-1, y.shape[-1]), target.reshape(-1, y.shape[-1])
    around = ((target - target.mean(0)) ** 2).sum(0)
    return float(np.mean(1 - ((y - target) ** 2).sum(0) / around))


def top_k_accuracy(y: Array, target: Array, k: int) -> float:
    """Give the share of positions whose true class stands among the first k, in stable order."""
    order = np.argsort(-y, axis=-1, kind="stable")[..., :k]
    return float(np.mean((order == target.argmax(-1)[..., None]).any(-1)))


def confusion(found: NDArray[np.int64], labels: NDArray[np.int64], classes: int) -> Array:
    """Count positions by true class (rows) and found class; those without a label are left out."""
    matrix = np.zeros((classes, classes))
    for true, one in zip(labels.ravel(), found.ravel(), strict=True):
        if true >= 0:
            matrix[true, one] += 1
    return matrix


def mean_iou(matrix: Array) -> float:
    right, either = np.diag(matrix), matrix.sum(0) + matrix.sum(1) - np.diag(matrix)
    return float(np.mean([a / b for a, b in zip(right, either, strict=True) if b]))


def binary_accuracy(y: Array, target: Array) -> float:
    return float(np.mean((y > 0.5) == (target > 0.5)))
