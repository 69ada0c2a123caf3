"""The block of a transformer is the residual blocks that it stands for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import ShapeError
from dltrain.engine.network import Network
from dltrain.layers.base import Layer

Config = dict[str, Any]
ATTENTION: Config = {"type": "multi_head_attention", "num_heads": 2, "key_dim": 4, "causal": True}
NORM: Config = {"type": "layer_normalization", "epsilon": 1e-5}
DENSE: list[Config] = [
    {"type": "dense", "units": 20, "activation": "gelu"},
    {"type": "dense", "units": 8},
]


def residual(*layers: Config) -> Config:
    return {"type": "residual", "layers": list(layers)}


FORMS: dict[bool, list[Config]] = {
    True: [residual(NORM, ATTENTION), residual(NORM, *DENSE)],
    False: [residual(ATTENTION), NORM, residual(*DENSE), NORM],
}


def network_of(layers: list[Config]) -> Network:
    return Network.build(tuple(Layer.parse(layer) for layer in layers), input_shape=(6, 8))


@pytest.mark.parametrize("norm_first", [True, False])
def test_it_is_two_residual_blocks(norm_first: bool) -> None:
    block = {
        "type": "transformer_encoder", "num_heads": 2, "intermediate_dim": 20, "causal": True,
        "norm_first": norm_first,
    }  # fmt: skip
    found, wanted = network_of([block]), network_of(FORMS[norm_first])
    pairs = zip(found.parameters.values(), wanted.parameters.values(), strict=True)
    for mine, plain in pairs:
        plain[...] = mine
    x = np.random.default_rng(0).normal(size=(3, 6, 8)).astype(np.float32)
    np.testing.assert_array_equal(found.forward(x), wanted.forward(x))


def test_dropout_stands_behind_attention_and_the_dense_layers() -> None:
    block = {
        "type": "transformer_encoder", "num_heads": 2, "intermediate_dim": 20, "dropout": 0.5
    }  # fmt: skip
    names = [facts.name for facts in network_of([block]).layers_table()]
    assert sum("dropout" in name for name in names) == 2


def test_features_that_heads_cannot_share_are_refused() -> None:
    with pytest.raises(ShapeError, match="8 features cannot be shared among 3 heads") as raised:
        network_of([{"type": "transformer_encoder", "num_heads": 3, "intermediate_dim": 4}])
    assert raised.value.loc == ("model", "layers", 0, "num_heads")


def test_an_image_is_refused() -> None:
    layer = Layer.parse({"type": "transformer_encoder", "num_heads": 1, "intermediate_dim": 4})
    with pytest.raises(ShapeError, match="takes sequences"):
        Network.build((layer,), input_shape=(4, 4, 3))
