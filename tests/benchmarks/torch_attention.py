"""Attention and the blocks around it as PyTorch computes them, with dltrain's parameters."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional

from tests.benchmarks.torch_layers import Parameters, Tensor, inside


def attention(
    p: Parameters, query: Tensor, value: Tensor, key: Tensor, *,
    causal: bool = False, base: float | None = None,
) -> Tensor:  # fmt: skip
    """Attend by `scaled_dot_product_attention`; `base` is that of rotary positions."""

    def project(name: str, x: Tensor) -> Tensor:
        y = torch.einsum("ntd,dhk->nhtk", x, p[f"{name}_kernel"])
        return y + p[f"{name}_bias"][:, None] if f"{name}_bias" in p else y

    q, k, v = project("query", query), project("key", key), project("value", value)
    if base is not None:
        q, k = rotated(q, base), rotated(k, base)
    context = functional.scaled_dot_product_attention(q, k, v, is_causal=causal, enable_gqa=True)
    y = torch.einsum("nhtk,hkd->ntd", context, p["output_kernel"])
    return y + p["output_bias"] if "output_bias" in p else y


def rotated(x: Tensor, base: float) -> Tensor:
    """Turn halves of the last axis as GPT-NeoX and Llama do."""
    half = x.shape[-1] // 2
    frequencies = base ** (-torch.arange(half, dtype=x.dtype) / half)
    angles = torch.outer(torch.arange(x.shape[-2], dtype=x.dtype), frequencies)
    cosine, sine = (torch.cat([one, one], -1) for one in (angles.cos(), angles.sin()))
    other = torch.cat([-x[..., half:], x[..., :half]], -1)
    return x * cosine + other * sine


def encoder(p: Parameters, x: Tensor, *, heads: int, causal: bool = False, **fields: Any) -> Tensor:
    """Apply `nn.TransformerEncoderLayer`."""
    module = nn.TransformerEncoderLayer(
        x.shape[-1], heads, p["dense1/kernel"].shape[1], 0.0,
        batch_first=True, dtype=torch.float64, **fields,
    )  # fmt: skip
    weights = {**_heads("self_attn", inside(p, "attention")), **_dense(p)}
    weights |= _norm("norm1", inside(p, "attention_norm"))
    weights |= _norm("norm2", inside(p, "feed_forward_norm"))
    mask = _later(x) if causal else None
    y: Tensor = functional_call(module.train(), weights, (x,), {"src_mask": mask})
    return y


def decoder(p: Parameters, x: Tensor, encoded: Tensor, *, heads: int, **fields: Any) -> Tensor:
    """Apply `nn.TransformerDecoderLayer`."""
    module = nn.TransformerDecoderLayer(
        x.shape[-1], heads, p["dense1/kernel"].shape[1], 0.0,
        batch_first=True, dtype=torch.float64, **fields,
    )  # fmt: skip
    weights = _dense(p)
    for theirs, mine in (("self_attn", "self_attention"), ("multihead_attn", "cross_attention")):
        weights |= _heads(theirs, inside(p, mine))
    for number, part in enumerate(("self_attention", "cross_attention", "feed_forward"), start=1):
        weights |= _norm(f"norm{number}", inside(p, f"{part}_norm"))
    masks = {"tgt_mask": _later(x)}
    y: Tensor = functional_call(module.train(), weights, (x, encoded), masks)
    return y


def _later(x: Tensor) -> Tensor:
    return nn.Transformer.generate_square_subsequent_mask(x.shape[1], dtype=x.dtype)


def _heads(name: str, p: Parameters) -> Parameters:
    features = p["query_kernel"].shape[0]
    kernels = [p[f"{one}_kernel"].reshape(features, -1).T for one in ("query", "key", "value")]
    biases = [p[f"{one}_bias"].reshape(-1) for one in ("query", "key", "value")]
    return {
        f"{name}.in_proj_weight": torch.cat(kernels),
        f"{name}.in_proj_bias": torch.cat(biases),
        f"{name}.out_proj.weight": p["output_kernel"].reshape(-1, features).T,
        f"{name}.out_proj.bias": p["output_bias"],
    }


def _dense(p: Parameters) -> Parameters:
    layers = {f"linear{number}": inside(p, f"dense{number}") for number in (1, 2)}
    weights = {f"{name}.weight": one["kernel"].T for name, one in layers.items()}
    return weights | {f"{name}.bias": one["bias"] for name, one in layers.items()}


def _norm(name: str, p: Parameters) -> Parameters:
    return {f"{name}.weight": p["gamma"], f"{name}.bias": p["beta"]}
