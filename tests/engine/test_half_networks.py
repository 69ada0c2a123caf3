"""Whole networks in bfloat16: as far from float64 as rounding brings them, the same bits always."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.core.lowering import Precision
from dltrain.engine.lower import Objective
from dltrain.engine.network import Network
from dltrain.engine.trainer import Trainer
from dltrain.losses.base import Loss
from dltrain.models.base import Model
from dltrain.optimizers.base import Optimizer
from tests.reference.bfloat16 import needs_bfloat16
from tests.reference.rounded_twin import RoundedTwin
from tests.reference.twin import Twin

pytestmark = needs_bfloat16
LOSS, CLASSES, SEEDS = "categorical_crossentropy", 10, range(3)
RESNET: tuple[dict[str, Any], tuple[int, ...], int] = (
    {"type": "resnet20", "width": 0.5}, (12, 12, 3), 10
)  # fmt: skip
MLP: tuple[dict[str, Any], tuple[int, ...], int] = (
    {"type": "mlp", "units": [256, 256]}, (300,), 96
)  # fmt: skip
either = pytest.mark.parametrize("case", [RESNET, MLP], ids=["resnet", "mlp"])
Case = tuple[dict[str, Any], tuple[int, ...], int]
Arrays = dict[str, NDArray[Any]]


def build(case: Case, seed: int, precision: Precision = "bfloat16") -> Network:
    model, shape, _ = case
    network = Network.build(
        Model.parse(model).expand(), input_shape=shape, classes=CLASSES, seed=seed,
        objective=Objective(Loss.parse(LOSS), (), "labels"),
    )  # fmt: skip
    network.precision = precision
    return network


def batch(case: Case, seed: int) -> tuple[Any, Any]:
    _, shape, samples = case
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(samples, *shape)).astype(np.float32)
    return x, generator.integers(0, CLASSES, samples).astype(np.int32)


def with_twin(kind: type[Twin], case: Case, seed: int) -> tuple[float, Arrays]:
    network = build(case, seed)
    layers = [layer.dump() for layer in Model.parse(case[0]).expand()]
    twin = kind(layers, LOSS, {**network.parameters, **network.state}, training=True)
    loss, gradients = twin.loss_and_gradients(*batch(case, seed))
    return loss, {name: gradients[name] for name in network.parameters}


def apart(found: Arrays, wanted: Arrays) -> float:
    """Give the relative error by norm over all gradients."""
    flat = [
        np.concatenate([one[name].ravel().astype(float) for name in wanted])
        for one in (found, wanted)
    ]
    return float(np.linalg.norm(flat[0] - flat[1]) / np.linalg.norm(flat[1]))


@either
def test_gradients_are_as_far_from_float64_as_rounding_brings_them(case: Case) -> None:
    # Rounding moves inputs of relu across 0, so errors grow from layer to layer: a fifth of the
    # gradient's norm behind twenty layers. How far, a twin in float64 tells that rounds alike. Half
    # as much again is allowed, because Winograd's algorithm rounds sums and differences of factors:
    # it comes to 1.2 times the twin. Less than half would say that nothing is rounded.
    found, rounded = [], []
    for seed in SEEDS:
        wide_loss, wide = with_twin(Twin, case, seed)
        _, twin = with_twin(RoundedTwin, case, seed)
        loss, gradients = build(case, seed).loss_and_gradients(*batch(case, seed))
        assert loss == pytest.approx(wide_loss, rel=3e-3)
        found.append(apart(gradients, wide))
        rounded.append(apart(twin, wide))
    assert 0.5 * np.mean(rounded) < np.mean(found) < 1.5 * np.mean(rounded)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_of_dense_layers_are_those_of_a_twin_that_rounds_alike(seed: int) -> None:
    wanted_loss, wanted = with_twin(RoundedTwin, MLP, seed)
    loss, gradients = build(MLP, seed).loss_and_gradients(*batch(MLP, seed))
    assert loss == pytest.approx(wanted_loss, rel=1e-6)
    assert apart(gradients, wanted) < 1e-3


def trained(case: Case, threads: int, precision: Precision = "bfloat16") -> tuple[float, Arrays]:
    """Take two steps; give the loss of the second, and all that they left."""
    network = build(case, 0, precision)
    trainer = Trainer(
        network, loss=Loss.parse(LOSS), metrics=(), optimizer=Optimizer.parse("adam"),
        batch_size=case[2], threads=threads, seed=0, total_steps=2,
    )  # fmt: skip
    loss = [trainer.step(*batch(case, step)).loss for step in (1, 2)][-1]
    slots = {f"{slot}/{name}": values for slot, each in trainer.slots.items()
             for name, values in each.items()}  # fmt: skip
    return loss, {**network.parameters, **network.state, **slots}


def assert_same_bits(one: tuple[float, Arrays], other: tuple[float, Arrays]) -> None:
    assert one[0] == other[0]
    for name, values in one[1].items():
        np.testing.assert_array_equal(values, other[1][name], err_msg=name)


@either
def test_threads_and_repetition_change_no_bit_of_two_steps(case: Case) -> None:
    first = trained(case, threads=1)
    assert first[0] != trained(case, threads=1, precision="float32")[0]
    for threads in (1, 2, 3):
        assert_same_bits(first, trained(case, threads))


@either
def test_predictions_are_float32_whatever_the_precision(case: Case) -> None:
    x, _ = batch(case, 0)
    wanted = build(case, 0, "float32").forward(x)
    np.testing.assert_array_equal(build(case, 0).forward(x), wanted)
