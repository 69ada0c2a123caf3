"""Attention, encoders, decoders, positions and patches against PyTorch in float64."""

from __future__ import annotations

from typing import Any

import pytest

from dltrain.models.base import Model

torch = pytest.importorskip("torch", reason="needs the `peers` extra")

from tests.benchmarks import torch_attention as peer  # noqa: E402
from tests.benchmarks.torch_layers import (  # noqa: E402
    Config,
    Parameters,
    Tensor,
    compare_with_torch,
    front,
    inside,
)

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("default")]
functional = torch.nn.functional

LENGTHS = (1, 2, 7, 63, 65, 130)
HEADS: list[Config] = [
    {"num_heads": 1, "key_dim": 4},
    {"num_heads": 3, "key_dim": 5, "causal": True},
    {"num_heads": 4, "key_dim": 3, "value_dim": 7, "use_bias": False},
    {"num_heads": 6, "key_dim": 4, "num_kv_heads": 2, "causal": True},
    {"num_heads": 4, "key_dim": 16, "num_kv_heads": 1},
    {"num_heads": 2, "key_dim": 6, "rotary": True, "causal": True},
    {"num_heads": 4, "key_dim": 18, "num_kv_heads": 2, "rotary": True, "rotary_base": 500.0},
]


def written(fields: Config) -> str:
    return " ".join(f"{key}={value}" for key, value in fields.items())


def options(fields: Config) -> dict[str, Any]:
    base = fields.get("rotary_base", 10000.0) if fields.get("rotary") else None
    return {"causal": fields.get("causal", False), "base": base}


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("fields", HEADS, ids=written)
def test_attention_is_that_of_torch(fields: Config, length: int) -> None:
    def function(x: Tensor, p: Parameters) -> Tensor:
        x = x @ p["front/kernel"]
        return peer.attention(inside(p, "heads"), x, x, x, **options(fields))

    layer = {"type": "multi_head_attention", "name": "heads", **fields}
    compare_with_torch(front(layer, 6), (length, 6), function)


@pytest.mark.parametrize("sources", ["value", "value and key"])
@pytest.mark.parametrize(("queries", "keys"), [(1, 9), (9, 1), (7, 70), (70, 7), (5, 5)])
@pytest.mark.parametrize("fields", [HEADS[2], HEADS[4], HEADS[6]], ids=written)
def test_attention_to_another_sequence_is_that_of_torch(
    fields: Config, queries: int, keys: int, sources: str
) -> None:
    both = sources == "value and key"
    layers: list[Config] = [
        {"type": "take_steps", "name": "a", "stop": queries},
        {"type": "dense", "name": "query", "units": 5},
        {"type": "take_steps", "start": queries, "inputs": ["input"]},
        {"type": "dense", "name": "value", "units": 8},
        {
            "type": "multi_head_attention", "name": "heads", **fields,
            "inputs": ["query", "value", "key"] if both else ["query", "value"],
        },
    ]  # fmt: skip
    if both:
        key = {"type": "dense", "name": "key", "units": 3, "inputs": ["take_steps_2"]}
        layers.insert(4, key)

    def function(x: Tensor, p: Parameters) -> Tensor:
        def dense(name: str, given: Tensor) -> Tensor:
            return given @ p[f"{name}/kernel"] + p[f"{name}/bias"]

        query, value = dense("query", x[:, :queries]), dense("value", x[:, queries:])
        key = dense("key", x[:, queries:]) if both else value
        return peer.attention(inside(p, "heads"), query, value, key, **options(fields))

    compare_with_torch(layers, (queries + keys, 6), function)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("length", [1, 7, 70])
def test_an_encoder_is_that_of_torch(
    length: int, activation: str, norm_first: bool, causal: bool
) -> None:
    def function(x: Tensor, p: Parameters) -> Tensor:
        return peer.encoder(
            inside(p, "block"), x @ p["front/kernel"], heads=3, causal=causal,
            norm_first=norm_first, activation=activation,
        )  # fmt: skip

    layer = {
        "type": "transformer_encoder", "name": "block", "num_heads": 3, "intermediate_dim": 17,
        "causal": causal, "norm_first": norm_first, "activation": activation,
    }  # fmt: skip
    compare_with_torch(front(layer, 12), (length, 12), function)


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize(("target", "source"), [(1, 1), (7, 66), (66, 7)])
def test_a_decoder_is_that_of_torch(target: int, source: int, norm_first: bool) -> None:
    layers: list[Config] = [
        {"type": "dense", "name": "front", "units": 12, "use_bias": False},
        {"type": "take_steps", "name": "source", "stop": source},
        {"type": "take_steps", "name": "target", "start": source, "inputs": ["front"]},
        {
            "type": "transformer_decoder", "name": "block", "num_heads": 2, "intermediate_dim": 9,
            "norm_first": norm_first, "inputs": ["target", "source"],
        },
    ]  # fmt: skip

    def function(x: Tensor, p: Parameters) -> Tensor:
        x = x @ p["front/kernel"]
        before, here = x[:, :source], x[:, source:]
        fields = {"norm_first": norm_first, "activation": "gelu"}
        return peer.decoder(inside(p, "block"), here, before, heads=2, **fields)

    compare_with_torch(layers, (target + source, 12), function)


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (65, 18)])
def test_positions_are_those_of_torch(shape: tuple[int, int]) -> None:
    time, features = shape

    def learnt(x: Tensor, p: Parameters) -> Tensor:
        return x @ p["front/kernel"] + functional.embedding(torch.arange(time), p["at/embeddings"])

    def waves(x: Tensor, p: Parameters) -> Tensor:
        pairs = torch.arange(0, features, 2, dtype=x.dtype)
        angles = torch.outer(torch.arange(time, dtype=x.dtype), 10000 ** (-pairs / features))
        table = torch.stack([angles.sin(), angles.cos()], -1).flatten(1)[:, :features]
        return x @ p["front/kernel"] + table

    for kind, function in (("position", learnt), ("sinusoidal_position", waves)):
        layer = {"type": f"{kind}_embedding", "name": "at"}
        compare_with_torch(front(layer, features), shape, function)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (4, 2)])
def test_patches_are_a_convolution_of_torch(size: tuple[int, int]) -> None:
    def function(x: Tensor, p: Parameters) -> Tensor:
        x = (x @ p["conv2d_1/kernel"][0, 0] + p["conv2d_1/bias"]).permute(0, 3, 1, 2)
        kernel = p["patches/kernel"].permute(3, 2, 0, 1)
        y = functional.conv2d(x, kernel, p["patches/bias"], stride=size)
        y = y.flatten(2).transpose(1, 2)
        y = torch.cat([p["first/token"].expand(len(y), 1, -1), y], 1)
        return y[:, [0, -1]].sum(1)

    compare_with_torch(
        [
            {"type": "conv2d", "filters": 5, "kernel_size": 1},
            {"type": "patch_embedding", "name": "patches", "patch_size": size, "output_dim": 7},
            {"type": "class_token", "name": "first"},
            {"type": "take_step", "name": "a"},
            {"type": "take_step", "name": "b", "step": -1, "inputs": ["first"]},
            {"type": "add", "inputs": ["a", "b"]},
        ],
        (8, 6, 3),
        function,
    )


@pytest.mark.parametrize("tied", [False, True])
def test_a_gpt_is_that_of_torch(tied: bool) -> None:
    fields = {"size": "nano", "num_layers": 2, "tied": tied, "classes": 19, "dropout": 0.0}
    model = Model.parse({"type": "gpt", **fields, "classifier_activation": "linear"})

    def function(x: Tensor, p: Parameters) -> Tensor:
        y = functional.embedding(x.long(), p["tokens/embeddings"]) + p["positions/embeddings"]
        for block in ("block1", "block2"):
            near = {"norm_first": True, "activation": _near_gelu}
            y = peer.encoder(inside(p, block), y, heads=3, causal=True, **near)
        y = functional.layer_norm(y, y.shape[-1:], p["norm/gamma"], p["norm/beta"])
        return y @ (p["tokens/embeddings"].T if tied else p["classifier/kernel"])

    layers = [layer.dump() for layer in model.expand()]
    compare_with_torch(layers, (9,), function, tokens=range(19))


def test_a_vit_is_that_of_torch() -> None:
    fields = {"patch_size": 4, "num_layers": 2, "classes": 5}
    model = Model.parse({"type": "vit_tiny", **fields, "classifier_activation": "linear"})

    def function(x: Tensor, p: Parameters) -> Tensor:
        kernel = p["patches/kernel"].permute(3, 2, 0, 1)
        y = functional.conv2d(x.permute(0, 3, 1, 2), kernel, p["patches/bias"], stride=4)
        y = y.flatten(2).transpose(1, 2)
        token = p["class_token/token"].expand(len(y), 1, -1)
        y = torch.cat([token, y], 1) + p["positions/embeddings"]
        for block in ("encoder1", "encoder2"):
            near = {"norm_first": True, "activation": "gelu", "layer_norm_eps": 1e-6}
            y = peer.encoder(inside(p, block), y, heads=3, **near)
        y = functional.layer_norm(y, y.shape[-1:], p["norm/gamma"], p["norm/beta"], 1e-6)
        return y[:, 0] @ p["classifier/kernel"] + p["classifier/bias"]

    compare_with_torch([layer.dump() for layer in model.expand()], (8, 12, 3), function)


@pytest.mark.parametrize("norm_first", [False, True])
def test_a_seq2seq_is_that_of_torch(norm_first: bool) -> None:
    sizes = {"source_length": 7, "num_layers": 2, "num_heads": 2, "hidden_dim": 16}
    kinds = {"tokens": 19, "classes": 17, "dropout": 0.0, "classifier_activation": "linear"}
    model = Model.parse({"type": "seq2seq", **sizes, **kinds, "norm_first": norm_first})

    def embedded(x: Tensor, p: Parameters, name: str) -> Tensor:
        y = functional.embedding(x.long(), p[f"{name}/tokens/embeddings"]) * 4
        angles = torch.outer(torch.arange(x.shape[1]), 10000 ** (-torch.arange(0, 16, 2) / 16))
        return y + torch.stack([angles.sin(), angles.cos()], -1).flatten(1)

    def normalized(x: Tensor, p: Parameters, name: str) -> Tensor:
        if not norm_first:
            return x
        return functional.layer_norm(x, x.shape[-1:], p[f"{name}/gamma"], p[f"{name}/beta"])

    def function(x: Tensor, p: Parameters) -> Tensor:
        fields = {"heads": 2, "norm_first": norm_first, "activation": "relu"}
        source, target = embedded(x[:, :7], p, "source"), embedded(x[:, 7:], p, "target")
        for block in ("encoder1", "encoder2"):
            source = peer.encoder(inside(p, block), source, **fields)
        source = normalized(source, p, "encoded")
        for block in ("decoder1", "decoder2"):
            target = peer.decoder(inside(p, block), target, source, **fields)
        return normalized(target, p, "decoded") @ p["target/tokens/embeddings"].T

    layers = [layer.dump() for layer in model.expand()]
    compare_with_torch(layers, (12,), function, tokens=range(1, 17))


def _near_gelu(x: Tensor) -> Tensor:
    return functional.gelu(x, approximate="tanh")
