"""A Keras model of the layers that a config lists, as its users would write it."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras

Fields = dict[str, Any]


def keras_model(
    layers: list[Any], shape: tuple[int, ...], *, classes: int | None, tokens: int | None
) -> Any:
    """Give an untrained model; what `classes` and `tokens` name is filled in."""
    known = {"classes": classes, "tokens": tokens}
    built = [keras.Input(shape)]
    for layer in layers:
        fields = {"type": layer} if isinstance(layer, str) else dict(layer)
        fields = {key: known.get(value, value) if isinstance(value, str) else value
                  for key, value in fields.items()}  # fmt: skip
        built.append(_layer(fields))
    return keras.Sequential(built)


def _layer(fields: Fields) -> Any:
    kind = fields.pop("type")
    if kind == "bidirectional":
        merge = {"concatenate": "concat", "add": "sum"}[fields.get("merge", "concatenate")]
        return keras.layers.Bidirectional(_layer(dict(fields["layer"])), merge_mode=merge)
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
