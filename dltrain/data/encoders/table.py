"""Rows of tables: which columns are read, how they become numbers, and what is told of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.core.inputs import InputFacts
from dltrain.core.shapes import Shape
from dltrain.core.suggest import nearest
from dltrain.data.columns import Place, TableColumn
from dltrain.data.delimited import Grid, Layout
from dltrain.data.encoders.base import Encoder, Lines
from dltrain.data.table_targets import Task


class Table(Encoder):
    """How rows become vectors: a number for each column, those of categories among them."""

    header: bool = True
    """Whether the first line of a file names the columns."""
    delimiter: str | None = None
    """What stands between columns; None for a tab in .tsv files, else a comma."""
    encoding: str = "utf-8"
    """How characters are written as bytes."""
    file_columns: tuple[str, ...]
    """All columns of the training file."""
    columns: tuple[TableColumn, ...]
    """Those that make up a sample, in order."""
    targets: tuple[TableColumn, ...] = ()
    """The numbers that are told; none where classes are."""
    target_columns: tuple[str, ...]
    """The columns of what is told, which a file need not have."""
    task: Task
    """What is told of a row."""

    @property
    def layout(self) -> Layout:
        """How files write tables."""
        return Layout(self.header, self.delimiter, self.encoding)

    @property
    def shape(self) -> Shape:
        """One number for each column."""
        return (len(self.columns),)

    @property
    def inputs(self) -> InputFacts:
        """Tell the categories of each column, the one of unseen texts included."""
        counts = (len(each.categories or ()) for each in self.columns)
        kinds = (each.categories is not None for each in self.columns)
        return InputFacts(
            categories=tuple(
                count + 1 if categorical else 0
                for count, categorical in zip(counts, kinds, strict=True)
            )
        )

    @property
    def outputs(self) -> tuple[str, ...] | None:
        """Name the numbers that are told."""
        return tuple(each.name for each in self.targets) or None

    @property
    def several(self) -> bool:
        """Tell whether several labels may be true of a row."""
        return self.task == "multi_label"

    @property
    def scales(self) -> tuple[tuple[float, float], ...]:
        """Give deviation and mean of what is told."""
        return tuple((each.deviation, each.mean) for each in self.targets)

    def standardized(self, numbers: NDArray[np.float64]) -> NDArray[np.float32]:
        """Give targets [n, units] as the network is compared with them."""
        deviation, mean = np.array(self.scales).T
        scaled: NDArray[np.float64] = (numbers - mean) / deviation
        return scaled.astype(np.float32)

    def decode(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give what a network tells in the units of the data."""
        if not self.targets:
            return outputs
        deviation, mean = np.array(self.scales).T
        numbers: NDArray[np.float64] = outputs * deviation + mean
        return numbers.astype(np.float32)

    def records(self, lines: Lines) -> Iterator[tuple[str, Any | DataError]]:
        """Give each row as a mapping from columns to texts, with file:line."""
        grid = self.layout.read(lines, ragged=True)
        places = self.places(grid)
        for row, values in enumerate(grid.rows):
            error = grid.error(row)
            if error is not None:
                yield grid.at(row), error
            else:
                yield grid.at(row), {name: values[number] for name, number in places.items()}

    def encode(self, records: Sequence[Any]) -> NDArray[np.float32]:
        """Give the samples of mappings from columns to texts or numbers [n, columns]."""
        for record in records:
            if not isinstance(record, Mapping):
                raise DataError(
                    f"a row is a mapping from columns to values, not {type(record).__name__}"
                )
            self._check_columns(record)
        values = {each.name: [row[each.name] for row in records] for each in self.columns}
        return self._stacked(values, lambda _: None)

    def encode_grid(self, grid: Grid) -> NDArray[np.float32]:
        """Give the samples of a table [n, columns]; raise DataError with the line at fault."""
        places = self.places(grid)
        values = {name: [row[number] for row in grid.rows] for name, number in places.items()}
        return self._stacked(values, grid.at)

    def places(self, grid: Grid) -> dict[str, int]:
        """Find the number of each column of a sample in a file."""
        names = [each.name for each in self.columns]
        if self.header:
            return {name: grid.find(name) for name in names}
        kept = [name for name in self.file_columns if name not in self.target_columns]
        for layout in (list(self.file_columns), kept):
            if len(layout) == len(grid.columns):
                return {name: layout.index(name) for name in names}
        raise DataError(
            f"the table has {len(grid.columns)} columns, where {len(self.file_columns)} are "
            f"wanted, or {len(kept)} without those to be told",
            at=grid.name,
        )

    def _stacked(self, values: Mapping[str, Sequence[Any]], place: Place) -> NDArray[np.float32]:
        rows = len(next(iter(values.values())))
        x = np.empty((rows, len(self.columns)), np.float32)
        for number, column in enumerate(self.columns):
            x[:, number] = column.encode(values[column.name], place)
        return x

    def _check_columns(self, record: Mapping[str, Any]) -> None:
        for column in self.columns:
            if column.name not in record:
                near = nearest(column.name, [str(name) for name in record])
                hint = f"is `{near}` meant?" if near else None
                raise DataError(f"the row has no column {column.name!r}", hint=hint)
