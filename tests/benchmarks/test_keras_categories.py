"""Vectors for categories against Keras' Embedding and Concatenate in float64."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

from dltrain.engine.lower import Objective
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from dltrain.losses.base import Loss
from tests.reference.judge import worst_gradient

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("default")]


@pytest.mark.parametrize("counts", [(0, 5, 0, 0, 9), (3, 2100), (40, 0, 1)])
def test_outputs_and_gradients_are_those_of_keras(counts: tuple[int, ...]) -> None:
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    keras = pytest.importorskip("keras", reason="needs the `peers` extra")
    tf = pytest.importorskip("tensorflow", reason="needs the `peers` extra")
    layer: Layer = Layer.parse({"type": "category_embedding", "categories": list(counts)})
    objective = Objective(Loss.parse("mean_squared_error"), (), "dense")
    network = Network.build((layer,), input_shape=(len(counts),), objective=objective)
    generator = np.random.default_rng(0)
    columns = [generator.integers(0, n, 50) if n else generator.normal(size=50) for n in counts]
    x = np.stack(columns, 1).astype(np.float32)
    target = generator.normal(size=(50, *network.output_shape)).astype(np.float32)

    tables: dict[int, Any] = {}
    for (name, values), column in zip(
        network.parameters.items(), np.flatnonzero(counts), strict=True
    ):
        assert name.endswith(f"embeddings_{column}")
        tables[column] = keras.layers.Embedding(*values.shape, dtype="float64")
        tables[column].build((None,))
        tables[column].embeddings.assign(values)
    measured = [column for column, count in enumerate(counts) if not count]
    with tf.GradientTape() as tape:
        parts = [tf.constant(x[:, measured], tf.float64)]
        parts += [table(x[:, column].astype(int)) for column, table in tables.items()]
        y = keras.layers.Concatenate(dtype="float64")(parts)
        loss = tf.reduce_mean(tf.square(y - target.astype(float)))
    variables = [table.embeddings.value for table in tables.values()]
    wanted: Any = [tf.convert_to_tensor(one).numpy() for one in tape.gradient(loss, variables)]

    np.testing.assert_allclose(network.forward(x), y.numpy(), rtol=1e-6)
    found: dict[str, Any]
    found_loss, found = network.loss_and_gradients(x, target)
    assert found_loss == pytest.approx(float(loss), rel=1e-6)
    error, name = worst_gradient(found, dict(zip(found, wanted, strict=True)))
    assert error < 1e-6, name
