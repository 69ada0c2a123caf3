from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core import cells
from dltrain.optimizers.base import Optimizer
from tests.reference.optimizers import RULES
from tests.reference.run_kernel import run_kernel

CASES: list[dict[str, Any]] = [
    {"type": "sgd"},
    {"type": "sgd", "learning_rate": 0.1, "momentum": 0.9},
    {"type": "sgd", "momentum": 0.9, "nesterov": True},
    {"type": "rmsprop"},
    {"type": "rmsprop", "momentum": 0.5},
    {"type": "rmsprop", "centered": True},
    {"type": "rmsprop", "centered": True, "momentum": 0.5},
    {"type": "adam"},
    {"type": "adam", "amsgrad": True, "beta_1": 0.8},
    {"type": "adamw"},
    {"type": "adamw", "weight_decay": 0.05, "amsgrad": True, "learning_rate": 0.01},
]
COUNT = 37


class Update:
    """Runs an optimizer's kernel on arrays of its own."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.cells = np.zeros(cells.COUNT)
        self.w = np.linspace(-1, 1, COUNT, dtype=np.float32)
        self.slots = {name: np.zeros(COUNT, np.float32) for name in optimizer.slots()}

    def step(self, g: np.ndarray[Any, Any], step: int) -> None:
        numbers = self.optimizer.numbers(step, self.optimizer.rate(step, 100))
        self.cells[cells.OPTIMIZER : cells.OPTIMIZER + len(numbers)] = numbers
        operands = [self.cells, g, self.w, *self.slots.values()]
        name, variant = f"{self.optimizer.type_name}_step", self.optimizer.variant()
        # Two ranges, as two threads would take them.
        for part in (range(21), range(21, COUNT)):
            run_kernel(name, operands, variant=variant, samples=part, fixed=range(len(operands)))


@pytest.mark.parametrize("fields", CASES, ids=str)
def test_ten_updates_are_those_of_keras_in_float64(fields: dict[str, Any]) -> None:
    optimizer = Optimizer.parse(fields)
    update = Update(optimizer)
    w = update.w.astype(float)
    slots = {name: np.zeros(COUNT) for name in optimizer.slots()}
    options = optimizer.dump()
    random = np.random.default_rng(0)
    for step in range(10):
        g = random.normal(0, 10.0 ** (step % 3 - 2), COUNT).astype(np.float32)
        update.step(g, step)
        RULES[optimizer.type_name](w, g.astype(float), slots, options, step)
    np.testing.assert_allclose(update.w, w, rtol=1e-5, atol=2e-6)
    for name, slot in slots.items():
        np.testing.assert_allclose(update.slots[name], slot, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", RULES)
def test_nothing_changes_while_the_status_is_set(name: str) -> None:
    update = Update(Optimizer.parse(name))
    before = update.w.copy()
    update.cells[cells.STATUS] = 1
    update.step(np.full(COUNT, np.nan, np.float32), 0)
    np.testing.assert_array_equal(update.w, before)
    assert not any(slot.any() for slot in update.slots.values())


def test_every_optimizer_has_a_twin() -> None:
    assert set(Optimizer.registry()) == set(RULES)


def test_a_schedule_stands_where_a_learning_rate_does() -> None:
    fields = {"type": "adam", "learning_rate": {"type": "cosine", "initial": 0.5}}
    optimizer = Optimizer.parse(fields)
    assert optimizer.rate(0, 10) == 0.5
    assert optimizer.rate(10, 10) == 0.0
    assert Optimizer.parse(optimizer.dump()) == optimizer
