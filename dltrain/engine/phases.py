"""The phases of a program: preparations, lanes, sums over the batch, and the update."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dltrain.core.lowering import Buffer, Home, Row
from dltrain.engine.graph import Parameter
from dltrain.engine.lower import Lowered
from dltrain.engine.parameters import Array, ParameterStore
from dltrain.engine.schedule import Phase, Unit
from dltrain.engine.table import Storage
from dltrain.optimizers.base import Optimizer

CHUNK = 16384
"""Elements of a parameter that one unit of the fold and of the update takes."""
TURNED_COLUMNS = 16
"""Columns that one unit turns over: a cache line of the parameter."""


class GradientPhases:
    """Lays out how the lanes' gradients become one and the step is judged, then the update."""

    def __init__(
        self, lowered: Lowered, store: ParameterStore, storage: Storage, gradient: Array
    ) -> None:
        """Sum into `gradient`, flat as the trainable parameters are."""
        self._lowered, self._store, self._storage = lowered, store, storage
        self._gradient = gradient
        self._trained = [p for p in store.trainable if id(p) in lowered.gradients]
        self._chunks = sum(len(_ranges(p.size, CHUNK)) for p in self._trained)
        self._squares = Buffer("squares", (max(self._chunks, 1),), Home.FIXED, 8)
        self._penalties = Buffer("penalties", (max(self._chunks, 1),), Home.FIXED, 8)
        for parameter in store.trainable:
            if id(parameter) in lowered.whole:
                place = store.view_in(gradient, parameter)
                storage.hold(lowered.gradients[id(parameter)], place)

    def phases(self) -> list[Phase]:
        """Give the phases from the lanes' gradients to the judgement of the step."""
        turned = [p for p in self._trained if id(p) in self._lowered.transposed]
        first = [self._turn_over(turned)] if turned else []
        return [*first, self._fold(), self._finish()]

    def update(self, optimizer: Optimizer, slots: dict[str, Array]) -> Phase:
        """Give the phase that changes the parameters."""
        gradient = self._held("gradient", self._gradient)
        learnt = {"parameters": self._store.flat, **slots}
        row = Row(
            f"{optimizer.type_name}_step",
            optimizer.variant(),
            (self._lowered.cells, gradient),
            tuple(self._held(name, array) for name, array in learnt.items()),
            layer="optimizer",
        )
        updates = self._lowered.updates
        parts = [_ranges(self._store.size, CHUNK), *(row.parts for row in updates)]
        return Phase.of([row, *updates], parts)

    def _turn_over(self, turned: list[Parameter]) -> Phase:
        """Sum the gradients that lanes hold transposed, into the layout of their parameters."""
        rows = []
        for parameter in turned:
            columns = parameter.spec.shape[-1]
            row = Row(
                "fold_transposed",
                (),
                (self._lowered.gradients[id(parameter)],),
                (self._place(parameter), self._lowered.cells),
                (parameter.size // columns, columns),
                layer=_layer_of(parameter),
                backward=True,
            )
            rows.append(row)
        return Phase.of(rows, [_ranges(p.spec.shape[-1], TURNED_COLUMNS) for p in turned])

    def _fold(self) -> Phase:
        """Sum the lanes' gradients, parameter by parameter, in chunks."""
        rows = list(self._fold_rows())
        return Phase.of(rows, [_ranges(parameter.size, CHUNK) for parameter in self._trained])

    def _fold_rows(self) -> Iterator[Row]:
        summed = self._lowered.transposed | self._lowered.whole
        chunk = 0
        for parameter in self._trained:
            penalty = parameter.spec.regularizer
            factors = penalty.factors() if penalty is not None else (0.0, 0.0)
            weights = self._held(parameter.name, self._store.view(parameter))
            yield Row(
                "fold",
                (int(any(factors)), int(id(parameter) in summed)),
                (self._lowered.gradients[id(parameter)], weights),
                (self._place(parameter), self._squares, self._penalties, self._lowered.cells),
                (chunk, CHUNK),
                factors,
                layer=_layer_of(parameter),
                backward=True,
            )
            chunk += len(_ranges(parameter.size, CHUNK))

    def _finish(self) -> Phase:
        reads = (self._lowered.totals[0], self._squares, self._penalties)
        row = Row("finish", (), reads, (self._lowered.cells,), (self._chunks,), layer="finish")
        return Phase.of([row], [[(0, 1)]])

    def _place(self, parameter: Parameter) -> Buffer:
        """Give the place of a parameter's gradient in the sum over the batch."""
        array = self._store.view_in(self._gradient, parameter)
        return self._held(f"{parameter.name}/gradient", array)

    def _held(self, name: str, array: Array) -> Buffer:
        buffer = Buffer(name, array.shape, Home.FIXED)
        self._storage.hold(buffer, array)
        return buffer


def pack(phases: list[Phase]) -> tuple[NDArray[np.int64], ...]:
    """Write phases, stages and units as the tables that the executor reads."""
    kinds: list[Unit] = []
    stages: list[Unit] = []
    units: list[Unit] = []
    row = 0
    for phase in phases:
        first_stage, first_unit = len(stages), len(units)
        units += [(row + index, first, last) for index, first, last in phase.units]
        for stage in phase.stages:
            count = len(stage.rows)
            stages.append((row, row + count, 1 if stage.block == "sample" else 0))
            row += count
        if phase.units:
            kinds.append((1, first_unit, len(units)))
        else:
            kinds.append((0, first_stage, len(stages)))
    return tuple(np.array(lines or [(0, 0, 0)], np.int64) for lines in (kinds, stages, units))


def _ranges(count: int, step: int) -> list[tuple[int, int]]:
    """Cut [0, count) into ranges of `step`."""
    return [(start, min(start + step, count)) for start in range(0, count, step)]


def _layer_of(parameter: Parameter) -> str:
    """Give the layer of a parameter, which is named `<layer>/<parameter>`."""
    return parameter.name.rpartition("/")[0]
