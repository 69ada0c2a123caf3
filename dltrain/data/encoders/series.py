"""Windows of series: the steps that are known, and those to be told behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.core.shapes import Shape
from dltrain.data.columns import MISSING, TableColumn, measurements, require_values
from dltrain.data.delimited import Grid, Layout
from dltrain.data.encoders.base import Encoder, Lines


class Series(Encoder):
    """How steps of a series become windows, and what is told of the steps behind one."""

    header: bool = True
    """Whether the first line of a file names the columns."""
    delimiter: str | None = None
    """What stands between columns; None for a tab in .tsv files, else a comma."""
    encoding: str = "utf-8"
    """How characters are written as bytes."""
    columns: tuple[TableColumn, ...]
    """The columns of a step."""
    targets: tuple[str, ...]
    """Those of them that are told."""
    length: int
    """Steps of a window."""
    horizon: int
    """Steps that are told."""
    fills: bool = False
    """Whether a missing value is the one before it."""

    @property
    def layout(self) -> Layout:
        """How files write tables."""
        return Layout(self.header, self.delimiter, self.encoding)

    @property
    def shape(self) -> Shape:
        """Steps, and the numbers of each."""
        return self.length, len(self.columns)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Name what is told, step by step: `sales`, or `sales+1`, `sales+2`."""
        steps = range(1, self.horizon + 1)
        return tuple(
            name if self.horizon == 1 else f"{name}+{step}"
            for step in steps
            for name in self.targets
        )

    @property
    def scales(self) -> tuple[tuple[float, float], ...]:
        """Give deviation and mean of what is told."""
        known = {each.name: (each.deviation, each.mean) for each in self.columns}
        return tuple(known[name] for name in self.targets) * self.horizon

    def decode(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give what a network tells in the units of the data."""
        deviation, mean = np.array(self.scales).T
        flat = outputs.reshape(len(outputs), -1).astype(np.float64)
        numbers: NDArray[np.float64] = flat * deviation + mean
        return numbers.reshape(outputs.shape).astype(np.float32)

    def records(self, lines: Lines) -> Iterator[tuple[str, Any | DataError]]:
        """Give the last window of a file, behind which the steps to be told come."""
        grid = self.layout.read(lines)
        last = len(grid.rows) - 1
        if len(grid.rows) < self.length:
            error = f"the file has {len(grid.rows)} steps, where {self.length} are looked at"
            yield grid.name, DataError(error)
            return
        recent = grid.take(range(last + 1 - self.length, last + 1))
        yield grid.at(last), self.numbers(recent)

    def encode(self, records: Sequence[Any]) -> NDArray[np.float32]:
        """Give the samples of windows in the units of the data [n, length, columns]."""
        windows = [np.asarray(record, np.float64) for record in records]
        for window in windows:
            if window.shape != self.shape or not np.isfinite(window).all():
                steps, count = self.shape
                raise DataError(f"a window is {steps} steps of {count} finite numbers each")
        return self.standardized(np.stack(windows))

    def standardized(self, numbers: NDArray[np.float64]) -> NDArray[np.float32]:
        """Bring steps [..., columns] to mean 0 and deviation 1, as the training part had them."""
        mean = np.array([each.mean for each in self.columns])
        deviation = np.array([each.deviation for each in self.columns])
        scaled: NDArray[np.float64] = (numbers - mean) / deviation
        return scaled.astype(np.float32)

    def numbers(self, grid: Grid) -> NDArray[np.float64]:
        """Read steps [steps, columns]; raise DataError, with the line, where one is no number."""
        return step_numbers(grid, [each.name for each in self.columns], fills=self.fills)


def step_numbers(grid: Grid, names: Sequence[str], *, fills: bool) -> NDArray[np.float64]:
    """Read columns of a table [steps, columns], with `fills` also where values are missing.

    Raises: DataError, with the line, where one is no number, or missing.
    """
    found = np.empty((len(grid.rows), len(names)))
    for place, name in enumerate(names):
        numbers = measurements(name, grid.values(name), MISSING, grid.at)
        if fills:
            numbers = _filled(numbers)
        hint = "`missing: previous` takes the value before it" if not fills else "begin later"
        require_values(name, np.isnan(numbers), grid.at, hint=hint)
        found[:, place] = numbers
    return found


def _filled(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put the value before it in the place of each that is missing: nothing comes from later."""
    there = np.where(np.isnan(numbers), 0, np.arange(len(numbers)))
    return numbers[np.maximum.accumulate(there)]
