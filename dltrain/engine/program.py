"""A compiled network: its table, its memory, and one call that runs a batch through it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from dltrain.core import cells
from dltrain.core.labels import VOID
from dltrain.core.lowering import Buffer, Row
from dltrain.engine import executor, tracing
from dltrain.engine.arrange import arrange
from dltrain.engine.arrays import aligned_bytes, aligned_floats
from dltrain.engine.lower import Lowered
from dltrain.engine.memory import plan
from dltrain.engine.parameters import ParameterStore
from dltrain.engine.phases import GradientPhases, pack
from dltrain.engine.schedule import Phase
from dltrain.engine.table import Compiled, Storage, Table
from dltrain.engine.threads import MOST_THREADS, Job, shared_team
from dltrain.losses.base import rows_of
from dltrain.metrics.base import Total
from dltrain.optimizers.base import Optimizer

LANE = 8
"""Samples of a lane, where the batch has as many for each of two lanes."""
SMALL_BATCH = 4
"""Lanes that a batch too small for whole ones is cut into."""


def lane_size(batch_size: int) -> int:
    """Give the samples of a lane: a matter of the batch alone, never of the machine."""
    return LANE if batch_size >= 2 * LANE else max(1, batch_size // SMALL_BATCH)


def useful_threads(walk: list[Phase], lanes: int, threads: int) -> int:
    """Give how many of the threads a program can keep busy."""
    return min(threads, max(lanes, _widest(walk)), MOST_THREADS)


class Program:
    """Runs batches of up to `batch_size` samples through a lowered network."""

    def __init__(
        self,
        lowered: Lowered,
        store: ParameterStore,
        *,
        batch_size: int,
        threads: int,
        optimizer: Optimizer | None = None,
        slots: dict[str, NDArray[np.float32]] | None = None,
        on_compile: Compiled | None = None,
    ) -> None:
        """Plan the memory, fill the table and compile its kernels."""
        self.lowered, self.store = lowered, store
        self.batch_size, self.lane_size = batch_size, lane_size(batch_size)
        self.lanes = -(-batch_size // self.lane_size)
        self.cells = aligned_floats(2 * cells.COUNT).view(np.float64)
        self.walk = arrange(lowered)
        self._preparing = sum(phase.rows[0].per == "run" for phase in self.walk)
        self._shared = _widest(self.walk) > 1
        self.threads = useful_threads(self.walk, self.lanes, threads)
        given = (lowered.target,) if lowered.target is not None else ()
        self.external = (*lowered.inputs, *given)
        self.storage = self._placed()
        self.gradient = aligned_floats(store.size) if lowered.gradients else None
        self.phases = self._phases(optimizer, slots or {})
        self.rows = [row for phase in self.phases for row in phase.rows]
        self.storage.hold_others(self.rows)
        self.table = Table(self.rows, self.storage)
        self.table.resolve(self.rows, on_compile)
        self._tables = pack(self.phases)
        size = len(self.phases) * executor.COUNTER_WORDS
        self._counters = [aligned_bytes(8 * size).view(np.int64) for _ in range(3)]
        self._words = [self._instruct(counters) for counters in self._counters]
        self._totals = [self.storage.lane_totals(total) for total in lowered.totals]
        self._turn = 0
        self._run = executor.execute()

    def run(
        self,
        inputs: Sequence[NDArray[np.float32]],
        target: NDArray[np.generic] | None = None,
        *,
        prepare: bool = True,
        times: NDArray[np.int64] | None = None,
    ) -> None:
        """Run one batch. Arrays must be contiguous, of the types the table reads.

        Without `prepare`, copies of parameters in another order are those of an earlier run.
        """
        self._point(inputs, target)
        batch = len(inputs[0])
        lanes = -(-batch // self.lane_size)
        self.cells[cells.BATCH], self.cells[cells.LANES] = batch, lanes
        self.cells[cells.LABELLED] = self._labelled(target)
        self.cells[cells.STATUS] = 0
        threads = self.threads if lanes > 1 or self._shared else 1
        turn = self._next_turn(threads)
        counters, words = self._counters[turn], self._words[turn]
        counters[:] = 0
        words[:2] = threads, batch
        left_out = 0 if prepare else self._preparing
        phases, _, _ = self._tables
        words[3:5] = phases[left_out:].ctypes.data, len(phases) - left_out
        if times is None:
            words[10] = 0
        else:
            words[10:] = executor.clock_address(), times.ctypes.data, times.shape[1]
        job = Job(self._run, words.ctypes.data, (words, counters, times))
        if threads == 1:
            job(0)
        else:
            shared_team().run(job, threads)

    def _next_turn(self, threads: int) -> int:
        """Choose a set of counters and words that no thread reads any more.

        A thread may look at the last barrier of a run until it takes part in another one. So runs
        of several threads are runs of all and alternate between two sets, and runs of one thread,
        which nobody else takes part in, have a third.
        """
        if threads == 1:
            return 2
        self._turn ^= 1
        return self._turn

    def trace(
        self,
        inputs: Sequence[NDArray[np.float32]],
        target: NDArray[np.generic] | None,
        stop: Callable[[Row, Buffer, NDArray[np.float32]], bool],
    ) -> Row | None:
        """Run a batch row by row on this thread, up to the first row that `stop` picks out.

        `stop` sees the row, each buffer that the row wrote, and the values. Nothing after the lanes
        runs, so parameters stay as they are.
        """
        self._point(inputs, target)
        return tracing.trace(self, len(inputs[0]), stop)

    def output(self, batch: int) -> NDArray[np.float32]:
        """Give the output of the last batch, a view that the next run overwrites."""
        assert self.lowered.output is not None  # noqa: S101 - every network has an output
        return self.storage.array(self.lowered.output, batch)

    def outputs(
        self, inputs: Sequence[NDArray[np.float32]], *, prepare: bool = True
    ) -> NDArray[np.float32]:
        """Run any number of samples, a batch at a time, and give all outputs [n, ...]."""
        assert self.lowered.output is not None  # noqa: S101 - every network has an output
        count = len(inputs[0])
        result = np.empty((count, *self.lowered.output.shape), np.float32)
        for start in range(0, count, self.batch_size):
            part = [array[start : start + self.batch_size] for array in inputs]
            self.run(part, prepare=prepare and start == 0)
            result[start : start + len(part[0])] = self.output(len(part[0]))
        return result

    def totals(self) -> tuple[float, list[Total]]:
        """Give the loss of the last batch, its mean, and what each metric counts in it.

        Lanes are summed first to last.
        """
        lanes = int(self.cells[cells.LANES])
        loss, *metrics = (_summed(values[:lanes]) for values in self._totals)
        return float(loss) / max(float(self.cells[cells.LABELLED]), 1.0), metrics

    def _labelled(self, target: NDArray[np.generic] | None) -> int:
        """Count the positions of a batch that have a target."""
        if target is None:
            return 0
        if target.dtype == np.int32:
            return int(np.count_nonzero(target != VOID))
        assert self.lowered.output is not None  # noqa: S101 - every network has an output
        return target.size // rows_of(self.lowered.output.shape)[1]

    def _point(
        self, inputs: Sequence[NDArray[np.float32]], target: NDArray[np.generic] | None
    ) -> None:
        arrays = [*inputs, target] if self.lowered.target is not None else list(inputs)
        for buffer, array in zip(self.external, arrays, strict=True):
            assert array is not None  # noqa: S101 - a program with a loss is given targets
            self.table.point(buffer, array.ctypes.data)

    def _placed(self) -> Storage:
        """Place all buffers and take the memory; cells and parameters have theirs already."""
        placed = plan(
            self.walk,
            lane_size=self.lane_size,
            batch_size=self.batch_size,
            external=self.external,
        )
        storage = Storage(placed, self.threads, self.lanes, self.lane_size)
        storage.hold(self.lowered.cells, self.cells)
        for parameter in self.store.parameters:
            if id(parameter) in self.lowered.parameters:
                buffer = self.lowered.parameters[id(parameter)]
                storage.hold(buffer, self.store.view(parameter))
        return storage

    def _phases(
        self, optimizer: Optimizer | None, slots: dict[str, NDArray[np.float32]]
    ) -> list[Phase]:
        if self.gradient is None:
            return self.walk
        gradients = GradientPhases(self.lowered, self.store, self.storage, self.gradient)
        phases = [*self.walk, *gradients.phases()]
        return [*phases, gradients.update(optimizer, slots)] if optimizer is not None else phases

    def _instruct(self, counters: NDArray[np.int64]) -> NDArray[np.int64]:
        """Write what the loop has to know; what changes with each run is still 0."""
        phases, stages, units = (table.ctypes.data for table in self._tables)
        words = np.zeros(executor.WORDS, np.int64)
        words[2:10] = (
            *(self.lane_size, phases, len(self._tables[0]), stages),
            *(self.table.rows.ctypes.data, units),
            *(counters.ctypes.data, executor.yield_address()),
        )
        return words


def _summed(values: NDArray[np.float64]) -> Total:
    # The plain sum of a single total is much quicker in small steps.
    if values.shape[1] == 1:
        return float(sum(values[:, 0].tolist()))
    summed: NDArray[np.float64] = values.sum(axis=0)
    return summed


def _widest(phases: list[Phase]) -> int:
    """Give how many threads a phase of rows per batch can keep busy, at most."""
    units = [len(phase.units) for phase in phases if phase.rows[0].per == "batch"]
    return max(units, default=0)
