"""Recurrence, embeddings, attention and layers for each step against Keras in float64."""

from __future__ import annotations

import os
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.benchmarks.keras_layers import compare_with_keras
from tests.benchmarks.small_networks import Config, network_of, relative
from tests.reference.judge import worst_gradient

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("default")]

KINDS = {"lstm": "LSTM", "gru": "GRU", "simple_rnn": "SimpleRNN"}
MERGES = {"concatenate": "concat", "add": "sum", "multiply": "mul"}
LENGTHS = (1, 7, 20)
FIELDS: list[Config] = [
    {"units": 5},
    {"units": 17, "return_sequences": True},
    {"units": 4, "go_backwards": True, "use_bias": False},
    {"units": 6, "go_backwards": True, "return_sequences": True},
]
HEADS: list[Config] = [
    {"num_heads": 2, "key_dim": 5},
    {"num_heads": 3, "key_dim": 4, "value_dim": 7, "causal": True},
    {"num_heads": 4, "key_dim": 3, "num_kv_heads": 2},
    {"num_heads": 1, "key_dim": 8, "use_bias": False, "causal": True},
]


def written(fields: Config) -> str:
    return " ".join(f"{key}={value}" for key, value in fields.items())


@pytest.fixture(scope="module")
def keras() -> ModuleType:
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    pytest.importorskip("tensorflow", reason="needs the `peers` extra")
    return pytest.importorskip("keras", reason="needs the `peers` extra")


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("fields", FIELDS, ids=written)
@pytest.mark.parametrize("kind", KINDS)
def test_recurrence_is_that_of_keras(kind: str, fields: Config, length: int, keras: Any) -> None:
    compare_with_keras({"type": kind, **fields}, (length, 6), getattr(keras.layers, KINDS[kind]))


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(("merge", "sequences"), list(product(MERGES, (False, True))))
@pytest.mark.parametrize("kind", KINDS)
def test_both_directions_are_those_of_keras(
    kind: str, merge: str, sequences: bool, length: int, keras: Any
) -> None:
    inner = {"units": 4, "return_sequences": sequences}

    def both(layer: Any, merge: str, dtype: str) -> Any:
        one = getattr(keras.layers, KINDS[kind])(**inner, dtype=dtype)
        return keras.layers.Bidirectional(one, merge_mode=MERGES[merge], dtype=dtype)

    config = {"type": "bidirectional", "layer": {"type": kind, **inner}, "merge": merge}
    compare_with_keras(config, (length, 6), both)


@pytest.mark.parametrize("length", [*LENGTHS, 70])
@pytest.mark.parametrize("fields", HEADS, ids=written)
def test_attention_is_that_of_keras(fields: Config, length: int, keras: Any) -> None:
    layer = {"type": "multi_head_attention", **fields}
    compare_with_keras(layer, (length, 6), attention_of(keras))


def attention_of(keras: Any) -> Any:
    """Give a class of one input around Keras' attentions."""

    class SelfAttention(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self, *, causal: bool = False, dtype: str, **fields: Any) -> None:
            super().__init__(dtype=dtype)
            self.causal = causal
            if "num_kv_heads" in fields:
                self.inner = keras.layers.GroupQueryAttention(
                    fields["key_dim"], fields["num_heads"], fields["num_kv_heads"], dtype=dtype
                )
            else:
                self.inner = keras.layers.MultiHeadAttention(**fields, dtype=dtype)

        def build(self, shape: Any) -> None:
            self.inner.build(shape, shape)
            self.built = True

        def call(self, x: Any) -> Any:
            return self.inner(x, x, use_causal_mask=self.causal)

    return SelfAttention


def test_an_embedding_is_that_of_keras(keras: Any) -> None:
    import tensorflow as tf

    layers = [
        {"type": "embedding", "input_dim": 11, "output_dim": 5},
        {"type": "lstm", "units": 4},
    ]
    network = network_of(layers, (9,))
    peers = [
        keras.layers.Embedding(11, 5, dtype="float64"),
        keras.layers.LSTM(4, dtype="float64"),
    ]
    generator = np.random.default_rng(0)
    x = generator.integers(0, 11, (6, 9)).astype(np.float32)
    target = generator.normal(size=(6, 4)).astype(np.float32)
    for layer, shape in zip(peers, ((None, 9), (None, 9, 5)), strict=True):
        layer.build(shape)
    variables = [variable for layer in peers for variable in layer.weights]
    for variable, values in zip(variables, network.parameters.values(), strict=True):
        values[...] = generator.normal(0, 0.5, values.shape)
        variable.assign(values)
    with tf.GradientTape() as tape:
        y = peers[1](peers[0](tf.constant(x, tf.int32)))
        loss = tf.reduce_mean(tf.square(y - tf.constant(target, tf.float64)))
    wanted = tape.gradient(loss, [variable.value for variable in variables])
    assert relative(network.forward(x), y.numpy()) < 1e-4
    _, gradients = network.loss_and_gradients(x, target)
    named = zip(gradients, wanted, strict=True)
    shaped = {name: tf.convert_to_tensor(value).numpy() for name, value in named}
    error, name = worst_gradient(gradients, shaped)
    assert error < 1e-4, name


@pytest.mark.parametrize("length", [1, 5])
@pytest.mark.parametrize("kind", ["conv1d", "dense"])
def test_one_layer_for_every_step_is_that_of_keras(kind: str, length: int, keras: Any) -> None:
    fields = {"filters": 4, "kernel_size": 3} if kind == "conv1d" else {"units": 4}
    shape = (length, 7, 6) if kind == "conv1d" else (length, 6)

    def steps(layer: Any, dtype: str) -> Any:
        one = keras.layers.Conv1D if kind == "conv1d" else keras.layers.Dense
        return keras.layers.TimeDistributed(one(**fields, dtype=dtype), dtype=dtype)

    layer = {"type": "time_distributed", "layer": {"type": kind, **fields}}
    compare_with_keras(layer, shape, steps)
