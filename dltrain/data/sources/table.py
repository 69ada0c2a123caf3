"""Rows of a table, each with a class, labels or numbers to be told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from dltrain.core import fields
from dltrain.core.errors import DataError
from dltrain.data.absent import absent_file
from dltrain.data.columns import (
    MISSING,
    Missing,
    TableColumn,
    is_categorical,
    learnt_column,
    moments,
)
from dltrain.data.delimited import Column, Grid, Layout
from dltrain.data.encoders.base import file_lines
from dltrain.data.encoders.table import Table as Encoder
from dltrain.data.parts import Part, Reading, Stored, share_rows, silent, take_share
from dltrain.data.samples import DataFacts
from dltrain.data.sources.base import Dataset, PartShare
from dltrain.data.stores import ArrayStore
from dltrain.data.table_targets import Task, Told, learnt
from dltrain.data.targets import form_of

Columns = Annotated[tuple[Column, ...], Field(min_length=1)]


class Table(Dataset):
    """Rows of a CSV, TSV or Parquet file, each a vector with a class or numbers to be told.

    Texts become numbers of categories, from 1; 0 stands for all that training did not see. Means,
    deviations and categories are learnt of the training rows alone. Numbers that are told are
    standardized too: the loss is theirs, metrics and predictions have the units of the data.
    """

    path: fields.LocalPath
    """The file with the training rows."""
    validation_path: fields.LocalPath | None = None
    """A file of the same columns to validate on."""
    test_path: fields.LocalPath | None = None
    """A file of the same columns to test on."""
    target: Column | Columns
    """Column to be told, by name or number (0 the first, -1 the last); several in a list."""
    task: Task | Literal["auto"] = "auto"
    """classification, regression, or multi_label (columns of 0 and 1, or one with a `separator`);
    auto takes texts for classes, and up to 10 different whole numbers if each comes twice on the
    average."""
    columns: Columns | None = None
    """Columns that make up a sample; default: all but the targets."""
    leave_out: Columns | None = None
    """Columns that do not."""
    categorical: Columns | None = None
    """Columns of categories, beside those that hold texts."""
    missing: Missing = "error"
    """What to do where a value is missing: refuse the table, or take the median or mean of the
    column; in columns of categories it is then a category by itself."""
    missing_values: tuple[str, ...] = MISSING
    """Texts that stand for no value, in any case of letters."""
    standardize: fields.Flag = True
    """Whether numbers of samples get mean 0 and deviation 1."""
    standardize_target: fields.Flag = True
    """Whether numbers that are told do."""
    separator: fields.Text | None = None
    """What stands between several labels in one column."""
    header: fields.Flag = True
    """Whether the first line names the columns; without it their names are their numbers."""
    delimiter: fields.Text | None = None
    """What stands between columns; default: a tab in .tsv files, else a comma. A blank stands for
    any number of blanks and tabs."""
    encoding: fields.Text = "utf-8"
    """How the files write characters as bytes, such as utf-8 or latin-1."""
    test: PartShare | None = None
    """Share to test on, every class alike, chosen by the seed, where there is no `test_path`."""

    def stored_facts(self, seed: int) -> DataFacts:
        """Read the files."""
        stored = self.read(Reading(seed, offline=True, announce=silent))
        train, encoder = stored.parts["train"], stored.encoder
        assert encoder is not None  # noqa: S101 - made by `read`
        names, shape = stored.class_names, train.targets.shape[1:]
        stores = {id(part.store): len(part.store) for part in stored.parts.values()}
        return DataFacts(
            encoder.shape,
            len(names) if names is not None else shape[-1],
            names,
            form_of(train.targets),
            shape,
            {split: len(part.targets) for split, part in stored.parts.items()},
            value_bytes=4,
            stored=tuple(stores.values()),
            inputs=encoder.inputs,
        )

    def read(self, reading: Reading) -> Stored:
        """Read the files, and learn of the rows for training what numbers and categories mean."""
        grids = self._grids()
        known = reading.encoder if isinstance(reading.encoder, Encoder) else None
        told = self._told(grids["train"], known, reading.class_names)
        raw = {split: told.targets(grid) for split, grid in grids.items()}
        encoder = known
        if encoder is None:
            rows = self._learning(raw["train"], reading.seed)
            encoder = self._learnt(grids["train"], raw["train"], rows, told)
            self._warn(encoder, len(rows), reading)
        parts = {
            split: Part(
                ArrayStore(encoder.encode_grid(grid)),
                encoder.standardized(raw[split]) if encoder.targets else raw[split],
            )
            for split, grid in grids.items()
        }
        if self.test is not None and "test" not in parts:
            parts = take_share(parts, "test", self.test, reading.seed)
        return Stored(parts, told.class_names, encoder)

    def _grids(self) -> dict[str, Grid]:
        layout = Layout(self.header, self.delimiter, self.encoding)
        named = {
            "train": self.path,
            "validation": self.validation_path,
            "test": self.test_path,
        }
        grids = {}
        for split, path in named.items():
            if path is None:
                continue
            if not Path(path).exists():
                raise absent_file(Path(path))
            grids[split] = layout.read(file_lines(path))
        return grids

    def _told(self, grid: Grid, known: Encoder | None, class_names: tuple[str, ...] | None) -> Told:
        if known is not None:
            return Told(known.task, known.target_columns, self.separator, class_names)
        targets = self.target if isinstance(self.target, tuple) else (self.target,)
        columns = [grid.columns[grid.find(column)] for column in targets]
        return learnt(grid, columns, self.task, self.separator)

    def _learning(self, targets: NDArray[Any], seed: int) -> NDArray[np.int64]:
        """Give the rows that neither a share for tests nor one for validation will take."""
        stay = np.arange(len(targets), dtype=np.int64)
        if self.test is not None and self.test_path is None:
            stay, _ = share_rows(targets, "test", self.test, seed)
        return stay[self.learning_rows(targets[stay], seed)]

    def _learnt(
        self, grid: Grid, targets: NDArray[Any], rows: NDArray[np.int64], told: Told
    ) -> Encoder:
        numbers: tuple[TableColumn, ...] = ()
        if told.task == "regression":
            numbers = tuple(
                self._of_target(name, targets[rows, unit]) for unit, name in enumerate(told.columns)
            )
        return Encoder(
            header=self.header,
            delimiter=self.delimiter,
            encoding=self.encoding,
            file_columns=grid.columns,
            columns=tuple(self._of_column(grid, rows, name) for name in self._names(grid, told)),
            targets=numbers,
            target_columns=told.columns,
            task=told.task,
        )

    def _names(self, grid: Grid, told: Told) -> list[str]:
        """Name the columns of a sample."""
        out = {grid.columns[grid.find(column)] for column in self.leave_out or ()}
        chosen = [grid.columns[grid.find(column)] for column in self.columns or grid.columns]
        names = [name for name in chosen if name not in out and name not in told.columns]
        if not names:
            raise DataError("no column is left to make up a sample", at=grid.name)
        return names

    def _of_column(self, grid: Grid, rows: NDArray[np.int64], name: str) -> TableColumn:
        missing = tuple(text.lower() for text in self.missing_values)
        values = grid.values(name)
        named = {grid.columns[grid.find(column)] for column in self.categorical or ()}
        categorical = name in named or is_categorical(name, values, missing, grid.at)
        return learnt_column(
            name,
            [values[row] for row in rows],
            lambda row: grid.at(int(rows[row])),
            categorical=categorical,
            standardize=self.standardize,
            missing=self.missing,
            texts=missing,
        )

    def _of_target(self, name: str, numbers: NDArray[np.float64]) -> TableColumn:
        mean, deviation = moments(numbers) if self.standardize_target else (0.0, 1.0)
        return TableColumn(name=name, mean=mean, deviation=deviation)

    def _warn(self, encoder: Encoder, rows: int, reading: Reading) -> None:
        for column in encoder.columns:
            count = len(column.categories or ())
            if count > max(rows // 2, 20):
                reading.warn(
                    f"column {column.name!r} has {count:,} different texts in {rows:,} rows: "
                    f"`leave_out: [{column.name}]`, unless they tell something"
                )
