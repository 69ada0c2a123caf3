"""Random layers that keep the shape, beside those of `architectures`."""

from __future__ import annotations

from random import Random
from typing import Any

Shape = tuple[int, ...]
Config = dict[str, Any]


def draw(random: Random, shape: Shape, number: int) -> Config:
    """Draw a layer; consecutive numbers go round all that take the shape."""
    kinds = [_row_norm, _group_norm, _prelu, _layer_scale, _noise, _rms_norm, _depth]
    kinds += [_instance_norm, _channel_dropout] if len(shape) == 3 else []
    return kinds[number % len(kinds)](random, shape)


def _row_norm(random: Random, shape: Shape) -> Config:
    """Draw a normalization of rows; of one number it would leave nothing but beta."""
    if shape[-1] < 3:
        return _layer_scale(random, shape)
    return {"type": "layer_normalization", **_affine(random)}


def _rms_norm(random: Random, shape: Shape) -> Config:
    return {
        "type": "rms_normalization",
        "epsilon": random.uniform(1e-3, 0.1),
        "scale": random.random() < 0.8,
    }


def _group_norm(random: Random, shape: Shape) -> Config:
    groups = [n for n in range(1, shape[-1] + 1) if shape[-1] % n == 0]
    if len(shape) == 1:
        groups = [n for n in groups if shape[-1] // n > 2] or [1]
    return {"type": "group_normalization", "groups": random.choice(groups), **_affine(random)}


def _instance_norm(random: Random, shape: Shape) -> Config:
    return {"type": "instance_normalization", **_affine(random)}


def _affine(random: Random) -> Config:
    return {
        "epsilon": random.uniform(1e-3, 0.1),
        "center": random.random() < 0.8,
        "scale": random.random() < 0.8,
    }


def _prelu(random: Random, shape: Shape) -> Config:
    axes = [axis for axis in range(1, len(shape) + 1) if random.random() < 0.5]
    return {"type": "prelu", "shared_axes": axes} if axes else {"type": "prelu"}


def _layer_scale(random: Random, shape: Shape) -> Config:
    return {"type": "layer_scale"}


def _noise(random: Random, shape: Shape) -> Config:
    return {"type": "gaussian_noise", "stddev": 0.5}


def _depth(random: Random, shape: Shape) -> Config:
    return {"type": "stochastic_depth", "rate": 0.5}


def _channel_dropout(random: Random, shape: Shape) -> Config:
    return {"type": "spatial_dropout2d", "rate": 0.5}
