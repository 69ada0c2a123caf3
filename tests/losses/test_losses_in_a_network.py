from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.activations.base import Activation
from dltrain.core.errors import UsageError
from dltrain.engine.lower import Objective
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from dltrain.losses.base import Loss

LABELS = np.array([0, 1, 2, 1, 0], np.int32)
DENSE = np.random.default_rng(0).random((5, 3), np.float32)


def build(loss: str, *layers: Any) -> Network:
    parsed = tuple(Layer.parse(layer) for layer in layers)
    objective = Objective(Loss.parse(loss))
    return Network.build(parsed, input_shape=(6,), classes=3, objective=objective, threads=1)


def dense(units: int, activation: str) -> dict[str, Any]:
    return {"type": "dense", "units": units, "activation": activation}


def assert_gradients_are_differences(network: Network, target: Any) -> None:
    """Walk each parameter along its own gradient: the loss must change by its length squared."""
    x = np.random.default_rng(1).normal(size=(5, 6)).astype(np.float32)
    _, gradients = network.loss_and_gradients(x, target, training=False)
    for name, values in network.parameters.items():
        before, length = values.copy(), float(np.linalg.norm(gradients[name]))
        step = np.float32(1e-2 / max(length, 1e-6)) * gradients[name]
        values[...] = before + step
        above, _ = network.loss_and_gradients(x, target, training=False)
        values[...] = before - step
        below, _ = network.loss_and_gradients(x, target, training=False)
        values[...] = before
        assert (above - below) / 2e-2 == pytest.approx(length, rel=5e-3, abs=1e-4), name


@pytest.mark.parametrize("name", Activation.registry())
def test_gradients_flow_through_an_activation_as_a_field_and_as_a_layer(name: str) -> None:
    network = build("categorical_crossentropy", dense(7, name), name, dense(3, "softmax"))
    assert_gradients_are_differences(network, LABELS)


@pytest.mark.parametrize("target", [LABELS, DENSE], ids=["labels", "dense"])
@pytest.mark.parametrize(
    ("loss", "last"),
    [
        ("categorical_crossentropy", "softmax"),
        ("binary_crossentropy", "sigmoid"),
        ("mean_squared_error", "linear"),
        ("mean_squared_error", "softmax"),
        ("mean_absolute_error", "tanh"),
        ("huber", "linear"),
    ],
)
def test_gradients_flow_from_a_loss_with_labels_and_dense_targets(
    loss: str, last: str, target: Any
) -> None:
    assert_gradients_are_differences(build(loss, dense(7, "tanh"), dense(3, last)), target)


def test_one_hot_targets_and_labels_agree() -> None:
    network = build("categorical_crossentropy", dense(7, "relu"), dense(3, "softmax"))
    x = np.random.default_rng(1).normal(size=(5, 6)).astype(np.float32)
    loss, gradients = network.loss_and_gradients(x, LABELS)
    again, others = network.loss_and_gradients(x, np.eye(3, dtype=np.float32)[LABELS])
    assert loss == pytest.approx(again, rel=1e-7)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, others[name], rtol=1e-5, atol=1e-7)


def test_targets_of_another_shape_are_refused_with_the_shapes_allowed() -> None:
    network = build("categorical_crossentropy", dense(3, "softmax"))
    x = np.zeros((5, 6), np.float32)
    with pytest.raises(UsageError, match=r"\(5,\) or \(5, 3\), but \(5, 4\) came"):
        network.loss_and_gradients(x, np.zeros((5, 4), np.float32))
