"""Twenty steps of training against the same steps in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.engine.network import Network
from dltrain.engine.trainer import Trainer
from dltrain.losses.base import Loss
from dltrain.metrics.base import Metric
from dltrain.models.sequential import Sequential
from dltrain.optimizers.base import Optimizer
from tests.reference.optimizers import RULES
from tests.reference.twin import Twin
from tests.reference.twin_layers import Array

STEPS, BATCH, CLASSES, SHAPE = 20, 24, 4, (8, 8, 2)
L2 = {"type": "l2", "l2": 0.01}
LAYERS: list[dict[str, Any]] = [
    {"type": "conv2d", "filters": 6, "kernel_size": 3, "activation": "relu"},
    {"type": "max_pooling2d"},
    {"type": "conv2d", "filters": 8, "kernel_size": 2, "activation": "elu"},
    {"type": "flatten"},
    {"type": "dense", "units": 12, "activation": "tanh", "kernel_regularizer": L2},
    {"type": "dense", "units": "classes", "activation": "softmax"},
]
OPTIMIZERS: list[dict[str, Any]] = [
    {"type": "sgd", "learning_rate": 0.05},
    {"type": "sgd", "learning_rate": 0.02, "momentum": 0.9},
    {"type": "sgd", "learning_rate": 0.02, "momentum": 0.9, "nesterov": True},
    {"type": "rmsprop", "learning_rate": 2e-3},
    {"type": "rmsprop", "learning_rate": 1e-3, "momentum": 0.5, "centered": True},
    {"type": "adam", "learning_rate": 5e-3},
    {"type": "adam", "learning_rate": 5e-3, "amsgrad": True},
    {"type": "adamw", "learning_rate": 5e-3, "weight_decay": 0.1},
]


def batch(step: int) -> tuple[Any, Any]:
    """Draw images whose class is where they are bright; the last batch is smaller."""
    generator = np.random.default_rng(step)
    count = BATCH if step % 5 else BATCH - 7
    labels = generator.integers(0, CLASSES, count).astype(np.int32)
    x = generator.normal(0, 1, (count, *SHAPE)).astype(np.float32)
    for image, label in zip(x, labels, strict=True):
        image[2 * label : 2 * label + 2] += 1
    return x, labels


def build() -> Network:
    layers = Sequential.model_validate({"layers": LAYERS}).expand()
    return Network.build(layers, input_shape=SHAPE, classes=CLASSES, seed=3)


def trained(fields: dict[str, Any], threads: int) -> tuple[list[float], list[float], Network]:
    network = build()
    trainer = Trainer(
        network, loss=Loss.parse("categorical_crossentropy"), metrics=(Metric.parse("accuracy"),),
        optimizer=Optimizer.parse(fields), batch_size=BATCH, threads=threads, seed=3,
        total_steps=STEPS,
    )  # fmt: skip
    losses, metrics = [], []
    for step in range(STEPS):
        losses.append(trainer.step(*batch(step)).loss)
        metrics += trainer.tally.metrics
        trainer.tally.reset()
    return losses, metrics, network


def trained_in_float64(fields: dict[str, Any]) -> tuple[list[float], list[float]]:
    optimizer: Any = Optimizer.parse(fields)
    rule, options = RULES[fields["type"]], optimizer.model_dump()
    network = build()
    twin = Twin(LAYERS, "categorical_crossentropy", network.parameters)
    slots: dict[str, dict[str, Array]] = {
        name: {slot: np.zeros_like(values) for slot in optimizer.slots()}
        for name, values in twin.values.items()
    }
    losses, accuracies = [], []
    for step in range(STEPS):
        x, labels = batch(step)
        loss, gradients = twin.loss_and_gradients(x, labels)
        accuracies.append(float((twin.forward(x).argmax(-1) == labels).mean()))
        losses.append(loss)
        for name, values in twin.values.items():
            rule(values, gradients[name], slots[name], options, step)
    return losses, accuracies


@pytest.mark.parametrize(
    "fields", OPTIMIZERS, ids=lambda fields: "-".join(map(str, fields.values()))
)
def test_losses_of_twenty_steps_are_those_of_float64(fields: dict[str, Any]) -> None:
    losses, accuracies, _ = trained(fields, threads=2)
    wanted, wanted_accuracies = trained_in_float64(fields)
    assert wanted[-1] < wanted[0]
    np.testing.assert_allclose(losses, wanted, rtol=1e-3)
    np.testing.assert_allclose(accuracies, wanted_accuracies, atol=1e-9)


def test_every_optimizer_is_tried() -> None:
    assert {fields["type"] for fields in OPTIMIZERS} == set(Optimizer.registry())


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_no_bit_of_a_training(threads: int) -> None:
    fields = {"type": "adam", "learning_rate": 5e-3}
    losses, accuracies, network = trained(fields, threads=1)
    others, other_accuracies, other = trained(fields, threads=threads)
    assert losses == others
    assert accuracies == other_accuracies
    for name, values in network.parameters.items():
        np.testing.assert_array_equal(values, other.parameters[name], err_msg=name)
