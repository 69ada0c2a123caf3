"""Sequences with padding against Keras in float64: outputs, loss and all gradients."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.engine.lower import Objective
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from dltrain.losses.base import Loss
from tests.reference.judge import worst_gradient

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("default")]

Config = dict[str, Any]
FEATURES, UNITS, TOKENS = 6, 5, 11
AVERAGE = {"type": "global_average_pooling1d"}
RECURRENT = {"lstm": "LSTM", "gru": "GRU", "simple_rnn": "SimpleRNN"}


@pytest.fixture(scope="module")
def keras() -> ModuleType:
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    pytest.importorskip("tensorflow", reason="needs the `peers` extra")
    return pytest.importorskip("keras", reason="needs the `peers` extra")


def masks(steps: int) -> NDArray[np.bool_]:
    """Give sequences that are whole, padded behind, before, and anywhere."""
    drawn = np.random.default_rng(5).random((6, steps)) < 0.5
    drawn[0], drawn[1, steps // 2 :], drawn[2, : steps // 2] = True, False, False
    drawn[:, steps // 2] = True
    return drawn


def recurrent(kind: str, **fields: Any) -> tuple[list[Config], Callable[[Any, Any], Any]]:
    layer = {"type": kind, "units": UNITS, **fields}
    whole = fields.get("return_sequences", False)

    def build(keras: Any, x: Any) -> Any:
        y = getattr(keras.layers, RECURRENT[kind])(UNITS, dtype="float64", **fields)(x)
        return keras.layers.GlobalAveragePooling1D(dtype="float64")(y) if whole else y

    return [layer, AVERAGE] if whole else [layer], build


def both_ways(kind: str) -> tuple[list[Config], Callable[[Any, Any], Any]]:
    inner = {"type": kind, "units": UNITS, "return_sequences": True}

    def build(keras: Any, x: Any) -> Any:
        layer = getattr(keras.layers, RECURRENT[kind])
        first = layer(UNITS, return_sequences=True, dtype="float64")
        y = keras.layers.Bidirectional(first, dtype="float64")(x)
        return layer(UNITS, dtype="float64")(y)

    return [
        {"type": "bidirectional", "layer": inner},
        {"type": kind, "units": UNITS},
    ], build


def attention(*, causal: bool) -> tuple[list[Config], Callable[[Any, Any], Any]]:
    heads = {"type": "multi_head_attention", "num_heads": 2, "key_dim": 3, "causal": causal}

    def build(keras: Any, x: Any) -> Any:
        layer = keras.layers.MultiHeadAttention(2, 3, dtype="float64")
        y = keras.layers.add([layer(x, x, use_causal_mask=causal), x])
        y = keras.layers.LayerNormalization(epsilon=1e-3, dtype="float64")(y)
        return keras.layers.GlobalAveragePooling1D(dtype="float64")(y)

    norm = {"type": "layer_normalization", "epsilon": 1e-3}
    return [{"type": "residual", "layers": [heads]}, norm, AVERAGE], build


CASES = {
    **{kind: recurrent(kind) for kind in RECURRENT},
    **{f"{kind}, all": recurrent(kind, return_sequences=True) for kind in RECURRENT},
    **{f"{kind} backwards": recurrent(kind, go_backwards=True) for kind in RECURRENT},
    **{f"{kind}, both ways": both_ways(kind) for kind in RECURRENT},
    "attention": attention(causal=False),
    "causal attention": attention(causal=True),
}


@pytest.mark.parametrize("tokens", [False, True], ids=["measurements", "tokens"])
@pytest.mark.parametrize("steps", [9, 1])
@pytest.mark.parametrize("name", CASES)
def test_padding_is_what_it_is_to_keras(name: str, steps: int, tokens: bool, keras: Any) -> None:
    layers, build = CASES[name]
    if tokens:
        table = {"input_dim": TOKENS, "output_dim": FEATURES, "mask_zero": True}
        front = [{"type": "embedding", **table}]
        given = keras.Input((steps,), dtype="float64")
        value = keras.layers.Embedding(**table, dtype="float64")(given)
    else:
        front = [{"type": "masking"}]
        given = keras.Input((steps, FEATURES), dtype="float64")
        value = keras.layers.Masking(dtype="float64")(given)
    last = keras.layers.Dense(3, dtype="float64")
    peer = keras.Model(given, last(build(keras, value)))
    parsed = tuple(Layer.parse(each) for each in [*front, *layers, {"type": "dense", "units": 3}])
    network = Network.build(
        parsed,
        input_shape=given.shape[1:],
        objective=Objective(Loss.parse("mean_squared_error"), (), "dense"),
        seed=1,
    )
    compare(network, peer, samples(steps, tokens))


def samples(steps: int, tokens: bool) -> NDArray[np.float32]:
    generator, kept = np.random.default_rng(6), masks(steps)
    if tokens:
        drawn = generator.integers(1, TOKENS, kept.shape)
        return np.where(kept, drawn, 0).astype(np.float32)
    x = generator.normal(size=(*kept.shape, FEATURES))
    return np.where(kept[..., None], x, 0).astype(np.float32)


def compare(network: Network, peer: Any, x: NDArray[np.float32]) -> None:
    """Give both the same weights, and compare all that they make of a batch."""
    import tensorflow as tf

    generator = np.random.default_rng(7)
    variables = peer.trainable_variables
    for (name, values), variable in zip(network.parameters.items(), variables, strict=True):
        values[...] = generator.normal(0, 0.5, values.shape)
        assert tuple(variable.shape) == values.shape, f"{name}, {variable.path}"
        variable.assign(values)
    target = generator.normal(size=(len(x), 3)).astype(np.float32)
    with tf.GradientTape() as tape:
        y = peer(tf.constant(x, tf.float64))
        loss = tf.reduce_mean(tf.square(y - tf.constant(target, tf.float64)))
    wanted = tape.gradient(loss, [variable.value for variable in variables])
    np.testing.assert_allclose(network.forward(x), y.numpy(), rtol=1e-4, atol=1e-5)
    found_loss, gradients = network.loss_and_gradients(x, target)
    assert found_loss == pytest.approx(float(loss), rel=1e-5)
    dense = (tf.convert_to_tensor(value).numpy() for value in wanted)
    error, name = worst_gradient(gradients, dict(zip(gradients, dense, strict=True)))
    assert error < 1e-5, name
