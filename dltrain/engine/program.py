"""A compiled network: its table, its memory, and one call that runs a batch through it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltrain.core import cells
from dltrain.core.lowering import Buffer, Home, Row
from dltrain.engine import executor, tracing
from dltrain.engine.arrays import aligned_bytes, aligned_floats
from dltrain.engine.lower import Lowered
from dltrain.engine.memory import plan
from dltrain.engine.parameters import ParameterStore
from dltrain.engine.stages import Stage, group
from dltrain.engine.table import Compiled, Storage, Table
from dltrain.engine.threads import Team
from dltrain.optimizers.base import Optimizer

CHUNK = 16384
"""Elements of a parameter that one unit of the fold and of the update takes."""
TURNED_COLUMNS = 16
"""Columns that one unit turns over: a cache line of the parameter."""
LANE = 8
"""Samples of a lane, where the batch has as many for each of two lanes."""
SMALL_BATCH = 4
"""Lanes that a batch too small for whole ones is cut into."""


def lane_size(batch_size: int) -> int:
    """Give the samples of a lane: a matter of the batch alone, never of the machine."""
    return LANE if batch_size >= 2 * LANE else max(1, batch_size // SMALL_BATCH)


def owner_of(parameter: str) -> str:
    """Give the layer of a parameter named `<layer>/<parameter>`."""
    return parameter.rpartition("/")[0]


@dataclass
class _Phase:
    """Rows that run before all threads meet again."""

    stages: list[Stage]
    units: list[tuple[int, int, int]]
    """(row within the phase, first, last)"""


def _in_parts(rows: list[Row]) -> _Phase:
    units = [(index, *part) for index, row in enumerate(rows) for part in row.parts]
    return _Phase([Stage("lane", rows)], units)


class Program:
    """Runs batches of up to `batch_size` samples through a lowered network."""

    def __init__(
        self,
        lowered: Lowered,
        store: ParameterStore,
        *,
        batch_size: int,
        threads: int,
        team: Team,
        optimizer: Optimizer | None = None,
        slots: dict[str, NDArray[np.float32]] | None = None,
        on_compile: Compiled | None = None,
    ) -> None:
        """Plan the memory, fill the table and compile its kernels."""
        self.lowered, self.store = lowered, store
        self.batch_size, self.lane_size = batch_size, lane_size(batch_size)
        self.lanes = -(-batch_size // self.lane_size)
        self.threads, self.team = min(threads, self.lanes), team
        self.cells = aligned_floats(2 * cells.COUNT).view(np.float64)
        self.stages = group(lowered.rows)
        given = (lowered.target,) if lowered.target is not None else ()
        self.external = (*lowered.inputs, *given)
        placed = plan(
            self.stages,
            lane_size=self.lane_size,
            batch_size=batch_size,
            external=self.external,
        )
        self.storage = Storage(placed, self.threads, self.lanes, self.lane_size)
        self.storage.hold(lowered.cells, self.cells)
        for parameter in (*store.trainable, *store.fixed):
            if id(parameter) in lowered.parameters:
                self.storage.hold(lowered.parameters[id(parameter)], store.view(parameter))
        self.gradient = aligned_floats(store.size) if lowered.gradients else None
        for parameter in store.trainable:
            if id(parameter) in lowered.whole and self.gradient is not None:
                place = store.view_in(self.gradient, parameter)
                self.storage.hold(lowered.gradients[id(parameter)], place)
        self._phases = self._lay_out(optimizer, slots or {})
        self.rows = [row for phase in self._phases for stage in phase.stages for row in stage.rows]
        prepared = self._phases[0].units if lowered.preparations else []
        self.preparation_units = prepared
        self.first_lane_row = len(lowered.preparations)
        self.table = Table(self.rows, self.storage)
        self.table.resolve(self.rows, on_compile)
        self._tables = self._pack()
        size = len(self._phases) * executor.COUNTER_WORDS
        self._counters = [aligned_bytes(8 * size).view(np.int64) for _ in range(2)]
        self._words = [self._instruct(counters) for counters in self._counters]
        self._totals = [self.storage.lane_totals(total) for total in lowered.totals]
        self._turn = 0
        self._run = executor.execute()

    def run(
        self,
        inputs: Sequence[NDArray[np.float32]],
        target: NDArray[np.generic] | None = None,
        *,
        times: NDArray[np.int64] | None = None,
    ) -> None:
        """Run one batch. Arrays must be contiguous, of the types the table reads."""
        self._point(inputs, target)
        batch = len(inputs[0])
        lanes = -(-batch // self.lane_size)
        self.cells[cells.BATCH], self.cells[cells.LANES] = batch, lanes
        self.cells[cells.STATUS] = 0
        self._turn ^= 1
        # Of two sets of counters and words one may still be read by a thread that is late.
        counters, words = self._counters[self._turn], self._words[self._turn]
        counters[:] = 0
        threads = min(self.threads, lanes)
        words[:2] = threads, batch
        if times is None:
            words[10] = 0
        else:
            words[10:] = executor.clock_address(), times.ctypes.data, times.shape[1]
        address, run = words.ctypes.data, self._run

        def job(thread: int) -> None:
            run(address, 0, 0, 0, thread)

        if threads == 1:
            job(0)
        else:
            self.team.run(job, threads)

    def _instruct(self, counters: NDArray[np.int64]) -> NDArray[np.int64]:
        """Write what the loop has to know; what changes with each run is still 0."""
        phases, stages, rows, units = (table.ctypes.data for table in self._tables)
        words = np.zeros(executor.WORDS, np.int64)
        words[2:10] = (
            *(self.lane_size, phases, len(self._phases), stages, rows, units),
            *(counters.ctypes.data, executor.yield_address()),
        )
        return words

    def trace(
        self,
        inputs: Sequence[NDArray[np.float32]],
        target: NDArray[np.generic] | None,
        stop: Callable[[Row, Buffer, NDArray[np.float32]], bool],
    ) -> Row | None:
        """Run a batch row by row on this thread, up to the first row that `stop` picks out.

        `stop` sees the row, each buffer that the row wrote, and the values. Nothing after the lanes runs,
        so parameters stay as they are.
        """
        self._point(inputs, target)
        return tracing.trace(self, len(inputs[0]), stop)

    def output(self, batch: int) -> NDArray[np.float32]:
        """Give the output of the last batch, a view that the next run overwrites."""
        assert self.lowered.output is not None  # noqa: S101 - every network has an output
        return self.storage.array(self.lowered.output, batch)

    def totals(self) -> list[float]:
        """Sum loss and metrics of the last batch over its lanes, first to last."""
        lanes = int(self.cells[cells.LANES])
        return [sum(values[:lanes].tolist()) for values in self._totals]

    def _point(
        self, inputs: Sequence[NDArray[np.float32]], target: NDArray[np.generic] | None
    ) -> None:
        arrays = [*inputs, target] if self.lowered.target is not None else list(inputs)
        for buffer, array in zip(self.external, arrays, strict=True):
            assert array is not None  # noqa: S101 - a program with a loss is given targets
            self.table.point(buffer, array.ctypes.data)

    def _lay_out(
        self, optimizer: Optimizer | None, slots: dict[str, NDArray[np.float32]]
    ) -> list[_Phase]:
        lowered = self.lowered
        phases = [_in_parts(lowered.preparations)] if lowered.preparations else []
        phases.append(_Phase(self.stages, []))
        if lowered.batch_rows:
            phases.append(_in_parts(lowered.batch_rows))
        if self.gradient is not None:
            fold, chunks = self._fold(self.gradient)
            phases += [self._turn_over(self.gradient), fold] if lowered.transposed else [fold]
            phases.append(self._finish(chunks))
        if optimizer is not None and self.gradient is not None:
            phases.append(self._update(optimizer, slots, self.gradient))
        return phases

    def _turn_over(self, gradient: NDArray[np.float32]) -> _Phase:
        """Sum the gradients that lanes hold transposed, into the layout of their parameters."""
        rows, units = [], []
        turned = [p for p in self.store.trainable if id(p) in self.lowered.transposed]
        for index, parameter in enumerate(turned):
            lanes = self.lowered.gradients[id(parameter)]
            place = Buffer(f"{parameter.name}/gradient", parameter.spec.shape, Home.FIXED)
            self.storage.hold(place, self.store.view_in(gradient, parameter))
            columns = parameter.spec.shape[-1]
            sizes = (parameter.size // columns, columns)
            rows.append(
                Row("fold_transposed", (), (lanes,), (place, self.lowered.cells), sizes,
                    layer=owner_of(parameter.name), backward=True)
            )  # fmt: skip
            starts = range(0, columns, TURNED_COLUMNS)
            units += [(index, start, min(start + TURNED_COLUMNS, columns)) for start in starts]
        return _Phase([Stage("lane", rows)], units)

    def _fold(self, gradient: NDArray[np.float32]) -> tuple[_Phase, int]:
        """Sum the lanes' gradients, parameter by parameter, in chunks."""
        trained = [p for p in self.store.trainable if id(p) in self.lowered.gradients]
        counts = [-(-parameter.size // CHUNK) for parameter in trained]
        chunks = sum(counts)
        self._squares = Buffer("squares", (max(chunks, 1),), Home.FIXED, 8)
        self._penalties = Buffer("penalties", (max(chunks, 1),), Home.FIXED, 8)
        summed = self.lowered.transposed | self.lowered.whole
        rows, units, chunk = [], [], 0
        for index, (parameter, count) in enumerate(zip(trained, counts, strict=True)):
            place = Buffer(f"{parameter.name}/gradient", parameter.spec.shape, Home.FIXED)
            self.storage.hold(place, self.store.view_in(gradient, parameter))
            weights = Buffer(parameter.name, parameter.spec.shape, Home.FIXED)
            self.storage.hold(weights, self.store.view(parameter))
            penalty = parameter.spec.regularizer
            factors = penalty.factors() if penalty is not None else (0.0, 0.0)
            reads = (self.lowered.gradients[id(parameter)], weights)
            writes = (place, self._squares, self._penalties, self.lowered.cells)
            rows.append(
                Row("fold", (int(any(factors)), int(id(parameter) in summed)), reads, writes, (chunk, CHUNK), factors,
                    layer=owner_of(parameter.name), backward=True)
            )  # fmt: skip
            starts = range(0, parameter.size, CHUNK)
            units += [(index, start, min(start + CHUNK, parameter.size)) for start in starts]
            chunk += count
        return _Phase([Stage("lane", rows)], units), chunks

    def _finish(self, chunks: int) -> _Phase:
        reads = (self.lowered.totals[0], self._squares, self._penalties)
        row = Row("finish", (), reads, (self.lowered.cells,), (chunks,), layer="finish")
        return _Phase([Stage("lane", [row])], [(0, 0, 1)])

    def _update(
        self,
        optimizer: Optimizer,
        slots: dict[str, NDArray[np.float32]],
        gradient: NDArray[np.float32],
    ) -> _Phase:
        size = self.store.size
        arrays = {"gradient": gradient, "parameters": self.store.flat, **slots}
        buffers = {name: Buffer(name, (size,), Home.FIXED) for name in arrays}
        for name, array in arrays.items():
            self.storage.hold(buffers[name], array)
        learnt = [buffers["parameters"], *(buffers[name] for name in slots)]
        row = Row(
            f"{optimizer.type_name}_step",
            optimizer.variant(),
            (self.lowered.cells, buffers["gradient"]),
            tuple(learnt),
            layer="optimizer",
        )
        units = [(0, start, min(start + CHUNK, size)) for start in range(0, size, CHUNK)]
        return _Phase([Stage("lane", [row])], units)

    def _pack(self) -> tuple[NDArray[np.int64], ...]:
        """Write phases, stages and units as the tables that the executor reads."""
        phases, stages, units, row = [], [], [], 0
        for phase in self._phases:
            first_stage, first_unit = len(stages), len(units)
            units += [(row + index, first, last) for index, first, last in phase.units]
            for stage in phase.stages:
                count = len(stage.rows)
                stages.append((row, row + count, 1 if stage.block == "sample" else 0))
                row += count
            if phase.units:
                phases.append((1, first_unit, len(units)))
            else:
                phases.append((0, first_stage, len(stages)))
        as_table = [np.array(rows or [(0, 0, 0)], np.int64) for rows in (phases, stages, units)]
        return as_table[0], as_table[1], self.table.rows, as_table[2]
