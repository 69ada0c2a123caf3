"""A Keras model of the layers that a config lists, as its users would write it."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")
# On TensorFlow a table's gradient has one entry for each time that a token occurs, and Keras' Adam
# takes them one by one: its mean of squares is not that of the sum, and its steps are larger. On
# JAX it is the published optimizer.

import keras

from dltrain.core.inputs import InputFacts

Fields = dict[str, Any]


def keras_model(
    layers: list[Any], shape: tuple[int, ...], *, classes: int | None, facts: InputFacts
) -> Any:
    """Give an untrained model; what only the data set knows is filled in."""
    known = {"classes": classes, "tokens": facts.tokens}
    built = [keras.Input(shape)]
    for layer in layers:
        fields = {"type": layer} if isinstance(layer, str) else dict(layer)
        fields = {key: known.get(value, value) if isinstance(value, str) else value
                  for key, value in fields.items()}  # fmt: skip
        if fields["type"] == "category_embedding":
            fields["categories"] = facts.categories
        built.append(_layer(fields))
    return keras.Sequential(built)


class Categories(keras.layers.Layer):  # type: ignore[misc]
    """Measurements of a table, and behind them vectors for its categories."""

    def __init__(self, categories: tuple[int, ...]) -> None:
        super().__init__()
        self.measured = [column for column, count in enumerate(categories) if not count]
        self.tables = {
            column: keras.layers.Embedding(count, min(50, (count + 1) // 2))
            for column, count in enumerate(categories)
            if count
        }

    def call(self, x: Any) -> Any:
        """Put all side by side."""
        vectors = [table(x[:, column]) for column, table in self.tables.items()]
        return keras.ops.concatenate([keras.ops.take(x, self.measured, axis=1), *vectors], axis=1)


def _layer(fields: Fields) -> Any:
    kind = fields.pop("type")
    if kind == "bidirectional":
        merge = {"concatenate": "concat", "add": "sum"}[fields.get("merge", "concatenate")]
        return keras.layers.Bidirectional(_layer(dict(fields["layer"])), merge_mode=merge)
    if kind == "category_embedding":
        return Categories(fields["categories"])
    name = _NAMES.get(kind)
    if name is None:
        return keras.layers.Activation(kind)
    return getattr(keras.layers, name)(**fields)


_NAMES = {
    "batch_normalization": "BatchNormalization",
    "conv1d": "Conv1D",
    "dense": "Dense",
    "dropout": "Dropout",
    "embedding": "Embedding",
    "flatten": "Flatten",
    "global_average_pooling1d": "GlobalAveragePooling1D",
    "global_max_pooling1d": "GlobalMaxPooling1D",
    "gru": "GRU",
    "lstm": "LSTM",
    "masking": "Masking",
    "max_pooling1d": "MaxPooling1D",
    "simple_rnn": "SimpleRNN",
}
