"""Padding: a sequence with steps that are none gives what it gives without them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.core.errors import ShapeError
from dltrain.core.lowering import Target
from dltrain.engine.lower import Objective
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from dltrain.losses.mean_squared_error import MeanSquaredError

FEATURES, STEPS = 5, 9
AVERAGE, MAX = "global_average_pooling1d", "global_max_pooling1d"


def recurrent(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "units": 6, **fields}


def attending(**fields: Any) -> dict[str, Any]:
    return {"type": "transformer_encoder", "num_heads": 5, "intermediate_dim": 7, **fields}


NETWORKS: dict[str, list[Any]] = {
    **{f"{kind}, the last": [recurrent(kind)] for kind in ("lstm", "gru", "simple_rnn")},
    **{
        f"{kind}, all": [recurrent(kind, return_sequences=True), recurrent(kind)]
        for kind in ("lstm", "gru", "simple_rnn")
    },
    "lstm backwards": [recurrent("lstm", go_backwards=True)],
    "both directions": [
        {"type": "bidirectional", "layer": recurrent("gru", return_sequences=True)},
        {"type": "bidirectional", "layer": recurrent("lstm")},
    ],
    "average": [{"type": "dense", "units": 4, "activation": "tanh"}, AVERAGE],
    "max": [{"type": "dense", "units": 4, "activation": "gelu"}, MAX],
    "pre-norm": [attending(), attending(), AVERAGE],
    "post-norm": [attending(norm_first=False, causal=True), MAX],
    "groups": [
        {"type": "multi_head_attention", "num_heads": 4, "num_kv_heads": 2, "key_dim": 3},
        recurrent("gru"),
    ],
    "step by step": ["layer_normalization", "silu", {"type": "dropout", "rate": 0.0}, AVERAGE],
}
MASKS = np.array(
    [
        [1, 1, 1, 1, 1, 1, 1, 1, 1],
        [1, 1, 1, 1, 0, 0, 0, 0, 0],
        [0, 0, 0, 1, 1, 1, 1, 1, 1],
        [0, 0, 0, 0, 0, 1, 0, 0, 0],
        [1, 0, 1, 0, 0, 1, 1, 0, 1],
        [0, 1, 0, 0, 0, 0, 0, 0, 0],
        [1, 1, 1, 1, 1, 1, 1, 1, 0],
    ],
    bool,
)


def build(layers: list[Any], steps: int, *, masked: bool, threads: int = 2) -> Network:
    first = ["masking"] if masked else []
    parsed = tuple(Layer.parse(each) for each in [*first, *layers, {"type": "dense", "units": 3}])
    objective = Objective(MeanSquaredError(), (), "dense")
    shape = (steps, FEATURES)
    return Network.build(parsed, input_shape=shape, objective=objective, seed=2, threads=threads)


def batch(masks: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    generator = np.random.default_rng(3)
    x = generator.normal(size=(*masks.shape, FEATURES)).astype(np.float32)
    return np.where(masks[..., None], x, 0).astype(np.float32), generator.normal(
        size=(len(masks), 3)
    ).astype(np.float32)


@pytest.mark.parametrize("width", [4, 8, 16])
@pytest.mark.parametrize("name", NETWORKS)
def test_padding_changes_neither_outputs_nor_gradients(name: str, width: int) -> None:
    network = build(NETWORKS[name], STEPS, masked=True)
    network.target = Target(width, 16)
    x, y = batch(MASKS)
    outputs = network.forward(x)
    loss, gradients = network.loss_and_gradients(x, y)
    sums = {key: np.zeros(value.shape) for key, value in gradients.items()}
    losses = []
    for sample, mask, target, output in zip(x, MASKS, y, outputs, strict=True):
        short = build(NETWORKS[name], int(mask.sum()), masked=False)
        for key, value in short.parameters.items():
            value[:] = network.parameters[key]
        kept = sample[mask][np.newaxis]
        np.testing.assert_allclose(output, short.forward(kept)[0], rtol=1e-4, atol=1e-5)
        own_loss, own = short.loss_and_gradients(kept, target[np.newaxis])
        losses.append(own_loss)
        for key, value in own.items():
            sums[key] += value / len(x)
    assert loss == pytest.approx(np.mean(losses), rel=1e-5)
    whole = np.sqrt(sum(np.square(value).sum() for value in sums.values()))
    for key, value in sums.items():
        assert np.linalg.norm(gradients[key] - value) < 1e-5 * whole, key


@pytest.mark.parametrize("name", NETWORKS)
def test_a_sequence_of_padding_alone_is_finite_and_changes_no_other(name: str) -> None:
    network = build(NETWORKS[name], STEPS, masked=True)
    x, y = batch(MASKS)
    _, before = network.loss_and_gradients(x, y)
    empty = np.zeros((1, STEPS, FEATURES), np.float32)
    output = network.forward(np.concatenate([empty, x]))
    assert np.isfinite(output).all()
    np.testing.assert_array_equal(output[1:], network.forward(x))
    loss, gradients = network.loss_and_gradients(empty, y[:1])
    assert np.isfinite(loss)
    assert all(np.isfinite(value).all() for value in gradients.values())
    assert set(gradients) == set(before)


@pytest.mark.parametrize("name", ["lstm, all", "both directions", "pre-norm", "max"])
def test_any_number_of_threads_gives_the_same_bits(name: str) -> None:
    masks = np.random.default_rng(5).random((37, STEPS)) < 0.6
    x, y = batch(masks)
    found = [
        build(NETWORKS[name], STEPS, masked=True, threads=threads).loss_and_gradients(x, y)
        for threads in (1, 2, 3)
    ]
    for loss, gradients in found[1:]:
        assert loss == found[0][0]
        for key, value in gradients.items():
            np.testing.assert_array_equal(value, found[0][1][key])


def test_a_mask_value_of_its_own_is_padding() -> None:
    layers = (
        Layer.parse({"type": "masking", "mask_value": -9.0}),
        Layer.parse({"type": "global_average_pooling1d"}),
    )
    network = Network.build(layers, input_shape=(3, 2))
    x = np.array([[[0, 2], [-9, -9], [4, -9]]], np.float32)
    np.testing.assert_array_equal(network.forward(x), [[2, -3.5]])


def test_token_zero_is_padding_where_an_embedding_says_so() -> None:
    def layers(mask: bool) -> tuple[Layer, ...]:
        table = {"type": "embedding", "input_dim": 7, "output_dim": 4, "mask_zero": mask}
        return tuple(Layer.parse(each) for each in [table, "global_average_pooling1d"])

    masked, plain = (
        Network.build(layers(mask), input_shape=(5,), seed=1) for mask in (True, False)
    )
    tokens = np.array([[3, 6, 0, 0, 0]], np.float32)
    table = masked.parameters["embedding_1/embeddings"]
    np.testing.assert_allclose(masked.forward(tokens)[0], (table[3] + table[6]) / 2, rtol=1e-6)
    assert not np.allclose(masked.forward(tokens), plain.forward(tokens))


def test_a_summary_does_not_show_masks() -> None:
    layers = (Layer.parse("masking"), Layer.parse({"type": "lstm", "units": 2}))
    network = Network.build(layers, input_shape=(3, 2))
    assert [row.name for row in network.layers_table()] == ["masking_1", "lstm_1"]


def test_outputs_last_to_first_with_padding_are_refused() -> None:
    layer = {"type": "lstm", "units": 2, "go_backwards": True, "return_sequences": True}
    with pytest.raises(ShapeError, match="last to first, but its input has padding") as raised:
        Network.build((Layer.parse("masking"), Layer.parse(layer)), input_shape=(3, 2))
    assert raised.value.loc == ("model", "layers", 1, "go_backwards")


def test_sequences_with_different_padding_are_not_joined() -> None:
    layers = [
        {"type": "masking", "name": "a"},
        {"type": "masking", "name": "b", "inputs": ["input"], "mask_value": 1.0},
        {"type": "add", "inputs": ["a", "b"]},
    ]
    with pytest.raises(ShapeError, match="joins sequences with different padding") as raised:
        Network.build(tuple(Layer.parse(each) for each in layers), input_shape=(3, 2))
    assert raised.value.loc == ("model", "layers", 2)


def test_keys_behind_whole_blocks_of_padding_count_however_low_their_scores() -> None:
    heads = {"type": "multi_head_attention", "num_heads": 2, "key_dim": 3}
    padded, short = (build([heads, AVERAGE], steps, masked=True) for steps in (200, 20))
    for network in (padded, short):
        parameters = network.parameters
        parameters["multi_head_attention_1/query_bias"][...] = 30
        parameters["multi_head_attention_1/key_bias"][...] = -30
    x, y = batch(np.ones((4, 20), bool))
    behind = np.concatenate([np.zeros((4, 180, FEATURES), np.float32), x], 1)
    np.testing.assert_allclose(padded.forward(behind), short.forward(x), rtol=1e-5)
    wanted = short.loss_and_gradients(x, y)[1]
    for name, gradient in padded.loss_and_gradients(behind, y)[1].items():
        np.testing.assert_allclose(gradient, wanted[name], rtol=1e-4, atol=1e-6)
