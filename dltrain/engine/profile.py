"""Where the time of a step goes, layer by layer, by the clock around every row of the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import UsageError
from dltrain.engine import executor
from dltrain.engine.program import Program
from dltrain.engine.work import Work, work

NANOSECONDS = 1e9
SYNCHRONISATION = "synchronisation"
"""The line for threads that wait for each other."""


@dataclass(frozen=True)
class LayerTime:
    """Seconds of one step that a layer takes, on all threads together divided by their number.

    `operations` and `bytes` are what it has to do meanwhile, see `Work`.
    """

    layer: str
    forward: float
    backward: float
    operations: int = 0
    bytes: int = 0

    @property
    def total(self) -> float:
        """Both directions."""
        return self.forward + self.backward


def profile(
    program: Program,
    batches: Sequence[tuple[Sequence[NDArray[np.float32]], NDArray[np.generic] | None]],
) -> list[LayerTime]:
    """Run batches (inputs, target) under the clock; give the times of a step, by the table.

    Their sum is the time of a step, but for the few microseconds of the call itself. Parameters are
    updated as in any step.
    """
    if not executor.clock_address():
        raise UsageError("this system has no clock that kernels can read, so no time per layer")
    for inputs, target in batches:
        program.run(inputs, target)  # until threads and caches are as in a training
    steps = np.array([_timed(program, inputs, target) for inputs, target in batches])
    # Whatever else the machine did meets a few steps: the middle half is what a step takes.
    order = np.argsort(steps.sum(axis=1))
    middle = order[len(order) // 4 : len(order) - len(order) // 4]
    seconds = steps[middle].mean(axis=0) / (NANOSECONDS * program.threads)
    forward = dict.fromkeys(_layers_in_order(program), 0.0)
    backward: dict[str, float] = {}
    for row, spent in zip(program.rows, seconds.tolist(), strict=False):
        book = backward if row.backward else forward
        forward.setdefault(row.layer, 0.0)
        book[row.layer] = book.get(row.layer, 0.0) + spent
    forward[SYNCHRONISATION] = float(seconds[len(program.rows)])
    todo = work(program)
    return [
        LayerTime(layer, spent, backward.get(layer, 0.0), has.operations, has.bytes)
        for layer, spent in forward.items()
        for has in [todo.get(layer, Work())]
    ]


def _timed(
    program: Program, inputs: Sequence[NDArray[np.float32]], target: NDArray[np.generic] | None
) -> NDArray[np.int64]:
    """Run one batch; give the nanoseconds of each row and, last, of waiting, over all threads."""
    rows = len(program.rows)
    times = np.zeros((program.threads, rows + 3), np.int64)
    program.run(inputs, target, times=times)
    total: NDArray[np.int64] = times[:, : rows + 1].sum(axis=0)
    return total


def _layers_in_order(program: Program) -> list[str]:
    """Name the layers as they compute; what belongs to no layer comes after them."""
    rows = [row for phase in program.walk for row in phase.rows]
    rows = [row for row in rows if row.kernel != "fill_zero" and row.per != "run"]
    return [row.layer for row in rows if not row.backward]
