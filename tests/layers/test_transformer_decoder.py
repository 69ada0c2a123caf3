"""The block of a decoder is the attentions and dense layers that it stands for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import ShapeError
from dltrain.engine.network import Network
from dltrain.layers.base import Layer

Config = dict[str, Any]
BLOCK: Config = {
    "type": "transformer_decoder", "num_heads": 2, "intermediate_dim": 20,
    "inputs": ["target", "source"],
}  # fmt: skip
HEADS: Config = {"type": "multi_head_attention", "num_heads": 2, "key_dim": 4}
NORM: Config = {"type": "layer_normalization", "epsilon": 1e-5}
DENSE: list[Config] = [
    {"type": "dense", "units": 20, "activation": "gelu"},
    {"type": "dense", "units": 8, "name": "dense"},
]
ENDS: list[Config] = [
    {"type": "cropping1d", "name": "target", "cropping": [4, 0], "inputs": ["input"]},
    {"type": "cropping1d", "name": "source", "cropping": [0, 5], "inputs": ["input"]},
]


def add(name: str, *inputs: str) -> Config:
    return {"type": "add", "name": name, "inputs": list(inputs)}


FIRST: list[Config] = [
    {**NORM, "inputs": ["target"]},
    {**HEADS, "name": "self", "causal": True},
    add("one", "self", "target"),
    NORM,
    {**HEADS, "name": "cross", "inputs": ["layer_normalization_2", "source"]},
    add("two", "cross", "one"),
    NORM, *DENSE,
    add("three", "dense", "two"),
]  # fmt: skip
LAST: list[Config] = [
    {**HEADS, "name": "self", "causal": True, "inputs": ["target"]},
    add("one", "self", "target"),
    {**NORM, "name": "norm1"},
    {**HEADS, "name": "cross", "inputs": ["norm1", "source"]},
    add("two", "cross", "norm1"),
    {**NORM, "name": "norm2"},
    *DENSE,
    add("three", "dense", "norm2"),
    NORM,
]


def network_of(*layers: Config) -> Network:
    return Network.build(tuple(Layer.parse(one) for one in (*ENDS, *layers)), input_shape=(9, 8))


@pytest.mark.parametrize("norm_first", [True, False])
def test_it_is_attentions_and_dense_layers(norm_first: bool) -> None:
    found = network_of({**BLOCK, "norm_first": norm_first})
    wanted = network_of(*(FIRST if norm_first else LAST))
    pairs = zip(found.parameters.values(), wanted.parameters.values(), strict=True)
    for mine, plain in pairs:
        assert mine.shape == plain.shape
        plain[...] = mine
    x = np.random.default_rng(0).normal(size=(3, 9, 8)).astype(np.float32)
    np.testing.assert_array_equal(found.forward(x), wanted.forward(x))


def test_parameters_tell_where_they_belong() -> None:
    names = {name.rpartition("/")[0] for name in network_of(BLOCK).parameters}
    heads = {"self_attention", "cross_attention"}
    parts = heads | {f"{part}_norm" for part in (*heads, "feed_forward")} | {"dense1", "dense2"}
    assert names == {f"transformer_decoder_1/{part}" for part in parts}


def test_it_sees_no_later_step_but_all_of_the_source() -> None:
    network = network_of(BLOCK)
    x = np.random.default_rng(0).normal(size=(1, 9, 8)).astype(np.float32)
    before = network.forward(x)[0].copy()
    x[0, 7] += 1
    changed = (network.forward(x)[0] != before).any(-1)
    assert changed.tolist() == [False, False, False, True, True]
    x[0, 3] += 1
    assert (network.forward(x)[0] != before).any(-1).all()


def test_dropout_stands_behind_every_part() -> None:
    names = [facts.name for facts in network_of({**BLOCK, "dropout": 0.5}).layers_table()]
    assert sum("dropout" in name for name in names) == 3


@pytest.mark.parametrize(
    ("fields", "message", "field"),
    [
        ({"num_heads": 3}, "8 features cannot be shared among 3 heads", "num_heads"),
        ({"inputs": ["target"]}, "takes two sequences, but 1 are named", "inputs"),
        ({"inputs": ["target", "source", "input"]}, "two sequences, but 3 are named", "inputs"),
    ],
)
def test_what_does_not_fit_is_refused(fields: Config, message: str, field: str) -> None:
    with pytest.raises(ShapeError, match=message) as raised:
        network_of({**BLOCK, **fields})
    assert raised.value.loc == ("model", "layers", 2, field)


def test_both_sequences_have_to_be_named() -> None:
    with pytest.raises(ShapeError, match="does not say which"):
        network_of({key: value for key, value in BLOCK.items() if key != "inputs"})
