"""The workloads' networks of sequences in Keras, whatever its backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers


class Positions(layers.Layer):  # type: ignore[misc]
    """Adds a learnt vector to each step."""

    def build(self, shape: Any) -> None:
        """Take the vectors."""
        self.table = self.add_weight(shape=shape[1:], name="positions")

    def call(self, x: Any) -> Any:
        """Add them."""
        return x + self.table


class ClassToken(layers.Layer):  # type: ignore[misc]
    """Puts a learnt step before the others."""

    def build(self, shape: Any) -> None:
        """Take the step."""
        self.token = self.add_weight(shape=(1, 1, shape[-1]), name="token")

    def call(self, x: Any) -> Any:
        """Put it there."""
        first = keras.ops.broadcast_to(self.token, (keras.ops.shape(x)[0], 1, x.shape[-1]))
        return keras.ops.concatenate([first, x], 1)


def lstm() -> Any:
    """Build embedding, LSTM, two classes."""
    parts = [layers.Embedding(5000, 128), layers.LSTM(128), layers.Dense(2, activation="softmax")]
    return keras.Sequential([keras.Input((100,)), *parts])


def transformer() -> Any:
    """Build four encoders of tokens, pooled."""
    inputs = keras.Input((64,))
    x = Positions()(layers.Embedding(5000, 128)(inputs))
    x = _blocks(x, 4, 4, 512, causal=False, bias=True)
    return keras.Model(
        inputs, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling1D()(x))
    )


def gpt() -> Any:
    """Build a language model of 65 characters."""
    inputs = keras.Input((64,))
    x = Positions()(layers.Embedding(65, 128)(inputs))
    x = _blocks(x, 4, 4, 512, causal=True, bias=False)
    return keras.Model(inputs, layers.Dense(65, activation="softmax")(x))


def vit_tiny() -> Any:
    """Build ViT-Tiny with patches of 4x4 for images of 32x32."""
    inputs = keras.Input((32, 32, 3))
    x = layers.Reshape((64, 192))(layers.Conv2D(192, 4, 4)(inputs))
    x = _blocks(Positions()(ClassToken()(x)), 12, 3, 768, causal=False, bias=True)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x[:, 0]))


def _blocks(x: Any, count: int, heads: int, hidden: int, *, causal: bool, bias: bool) -> Any:
    features = x.shape[-1]
    for _ in range(count):
        attention = layers.MultiHeadAttention(heads, features // heads, use_bias=bias)
        y = layers.LayerNormalization(epsilon=1e-5)(x)
        x = x + attention(y, y, use_causal_mask=causal)
        y = layers.LayerNormalization(epsilon=1e-5)(x)
        y = layers.Dense(hidden, activation="gelu", use_bias=bias)(y)
        x = x + layers.Dense(features, use_bias=bias)(y)
    return layers.LayerNormalization(epsilon=1e-5)(x)


NETWORKS: dict[str, Callable[[], Any]] = {
    build.__name__: build for build in (lstm, transformer, gpt, vit_tiny)
}
