"""Layers in PyTorch that keep the shape, beside those of `torch_reference`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def _affine(layer: Any, parameters: Any) -> tuple[Tensor | None, Tensor | None]:
    """Take gamma and beta, where the layer has them."""
    scale = layer.get("scale", True)
    gamma = parameters.take("gamma") if scale else None
    center = layer.get("center", layer["type"] != "rms_normalization")
    return gamma, parameters.take("beta") if center else None


def layer_normalization(layer: Any, x: Tensor, parameters: Any) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], *_affine(layer, parameters), layer.get("epsilon", 1e-3))


def rms_normalization(layer: Any, x: Tensor, parameters: Any) -> Tensor:
    gamma, _ = _affine(layer, parameters)
    return F.rms_norm(x, x.shape[-1:], gamma, layer.get("epsilon", 1e-6))


def group_normalization(layer: Any, x: Tensor, parameters: Any) -> Tensor:
    gamma, beta = _affine(layer, parameters)
    epsilon, first = layer.get("epsilon", 1e-3), x.movedim(-1, 1)
    # PyTorch 2.13 cannot go back through group_norm with one of weight and bias alone.
    y = F.group_norm(first, layer.get("groups", 32), eps=epsilon).movedim(1, -1)
    y = y if gamma is None else y * gamma
    return y if beta is None else y + beta


def instance_normalization(layer: Any, x: Tensor, parameters: Any) -> Tensor:
    gamma, beta = _affine(layer, parameters)
    epsilon, first = layer.get("epsilon", 1e-3), x.movedim(-1, 1)
    return F.instance_norm(first, weight=gamma, bias=beta, eps=epsilon).movedim(1, -1)


def layer_scale(layer: Any, x: Tensor, parameters: Any) -> Tensor:
    return x * parameters.take("gamma")


def prelu(layer: Any, x: Tensor, parameters: Any) -> Tensor:
    alpha = parameters.take("alpha")
    if x.ndim == 4 and layer.get("shared_axes") == [1, 2]:
        return F.prelu(x.movedim(-1, 1), alpha.flatten()).movedim(1, -1)
    return torch.where(x > 0, x, alpha * x)


def _same(layer: Any, x: Tensor, parameters: Any) -> Tensor:
    return x


CHANNEL_LAYERS: dict[str, Callable[[Any, Tensor, Any], Tensor]] = {
    "gaussian_noise": _same,
    "group_normalization": group_normalization,
    "instance_normalization": instance_normalization,
    "layer_normalization": layer_normalization,
    "layer_scale": layer_scale,
    "prelu": prelu,
    "rms_normalization": rms_normalization,
    "spatial_dropout2d": _same,
    "stochastic_depth": _same,
}
"""Layers by name; noise and what leaves things out as they are outside of training."""
