"""Where the time of a step goes, layer by layer, by the clock around every row of the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import UsageError
from dltrain.engine import executor
from dltrain.engine.program import Program

NANOSECONDS = 1e9
SYNCHRONISATION = "synchronisation"
"""The line for threads that wait for each other."""


@dataclass(frozen=True)
class LayerTime:
    """Seconds of one step that a layer takes, on all threads together divided by their number."""

    layer: str
    forward: float
    backward: float

    @property
    def total(self) -> float:
        """Both directions."""
        return self.forward + self.backward


def profile(
    program: Program,
    inputs: Sequence[NDArray[np.float32]],
    target: NDArray[np.generic] | None,
    *,
    repeats: int,
) -> list[LayerTime]:
    """Run a batch `repeats` times under the clock; give mean times in the order of the table.

    Their sum is the time of a step, but for the few microseconds of the call itself. Parameters are
    updated as in any step.
    """
    if not executor.clock_address():
        raise UsageError("this system has no clock that kernels can read, so no time per layer")
    times = np.zeros((program.threads, len(program.rows) + 3), np.int64)
    for _ in range(repeats):
        program.run(inputs, target, times=times)
    seconds = times.sum(axis=0) / (NANOSECONDS * program.threads * repeats)
    forward = dict.fromkeys(_layers_in_order(program), 0.0)
    backward: dict[str, float] = {}
    for row, spent in zip(program.rows, seconds.tolist(), strict=False):
        book = backward if row.backward else forward
        forward.setdefault(row.layer, 0.0)
        book[row.layer] = book.get(row.layer, 0.0) + spent
    forward[SYNCHRONISATION] = float(seconds[len(program.rows)])
    return [LayerTime(layer, spent, backward.get(layer, 0.0)) for layer, spent in forward.items()]


def _layers_in_order(program: Program) -> list[str]:
    """Name the layers as they compute; what belongs to no layer comes after them."""
    rows = [row for stage in program.stages for row in stage.rows if row.kernel != "fill_zero"]
    return [row.layer for row in rows if not row.backward]
