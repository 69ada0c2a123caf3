"""Layers in float64 that keep the shape: normalizations of a sample, slopes, factors, noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.reference.twin_layers import Array, Backward, Config, Own, unchanged


def _affine(own: Own, normal: Array) -> tuple[Array, Backward]:
    """Scale and shift what was normalized, where there are gamma and beta."""

    def backward(dy: Array) -> Array:
        rows = tuple(range(normal.ndim - 1))
        if "gamma" in own:
            own.add("gamma", (dy * normal).sum(rows))
        if "beta" in own:
            own.add("beta", dy.sum(rows))
        return dy * own.get("gamma", 1.0)

    return normal * own.get("gamma", 1.0) + own.get("beta", 0.0), backward


def _standardize(x: Array, axes: tuple[int, ...], epsilon: float) -> tuple[Array, Backward]:
    """Give mean 0 and variance 1 over some axes."""
    deviation = np.sqrt(x.var(axes, keepdims=True) + epsilon)
    normal = (x - x.mean(axes, keepdims=True)) / deviation

    def backward(dy: Array) -> Array:
        level, slope = (v.mean(axes, keepdims=True) for v in (dy, dy * normal))
        return (dy - level - normal * slope) / deviation

    return normal, backward


def layer_normalization(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    normal, back = _standardize(x, (-1,), config.get("epsilon", 1e-3))
    y, affine_back = _affine(own, normal)
    return y, lambda dy: back(affine_back(dy))


def rms_normalization(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    root = np.sqrt(np.square(x).mean(-1, keepdims=True) + config.get("epsilon", 1e-6))
    y, affine_back = _affine(own, x / root)

    def backward(dy: Array) -> Array:
        g = affine_back(dy)
        return (g - x / root * (g * x / root).mean(-1, keepdims=True)) / root

    return y, backward


def group_normalization(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    groups = config.get("groups", 32)
    groups = x.shape[-1] if groups == -1 else groups
    apart = x.reshape(len(x), -1, groups, x.shape[-1] // groups)
    normal, back = _standardize(apart, (1, 3), config.get("epsilon", 1e-3))
    y, affine_back = _affine(own, normal.reshape(x.shape))
    return y, lambda dy: back(affine_back(dy).reshape(apart.shape)).reshape(x.shape)


def instance_normalization(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    return group_normalization({**config, "groups": -1}, x, own)


def layer_scale(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    return _affine(own, x)


def prelu(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    alpha = own["alpha"]

    def backward(dy: Array) -> Array:
        shared = tuple(axis for axis in range(1, x.ndim) if alpha.shape[axis - 1] == 1)
        gradient = np.where(x > 0, 0, dy * x).sum((0, *shared), keepdims=True)
        own.add("alpha", gradient[0])
        return np.where(x > 0, dy, dy * alpha)

    return np.where(x > 0, x, x * alpha), backward


CHANNEL_LAYERS: dict[str, Callable[[Config, Array, Own], tuple[Array, Backward]]] = {
    "gaussian_noise": unchanged,
    "group_normalization": group_normalization,
    "instance_normalization": instance_normalization,
    "layer_normalization": layer_normalization,
    "layer_scale": layer_scale,
    "prelu": prelu,
    "rms_normalization": rms_normalization,
    "spatial_dropout2d": unchanged,
    "stochastic_depth": unchanged,
}
"""Layers by name; noise and what leaves things out as they are outside of training."""
