"""A series over time, of which the steps behind a window are to be told."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from dltrain.core import fields
from dltrain.core.errors import DataError
from dltrain.data.absent import absent_file
from dltrain.data.columns import MISSING, TableColumn, is_missing, moments, number_of
from dltrain.data.delimited import Grid, Layout
from dltrain.data.encoders.base import file_lines
from dltrain.data.encoders.series import Series as Encoder
from dltrain.data.encoders.series import step_numbers
from dltrain.data.parts import Part, Reading, Stored, silent
from dltrain.data.samples import DataFacts
from dltrain.data.series_windows import WindowStore, window_starts
from dltrain.data.sources.base import Dataset, PartShare
from dltrain.data.sources.table import Columns


class Series(Dataset):
    """Windows of a table whose rows follow one another in time, to tell the steps behind them.

    Shares for validation and tests are cut from the end of the series: no window to train on holds
    a value of theirs, and means and deviations are those of what is before. Their windows look back
    over the cut. Metrics and predictions have the units of the data.
    """

    splits_itself: ClassVar[bool] = True

    path: fields.LocalPath
    """The CSV, TSV or Parquet file, a step in each row."""
    columns: Columns | None = None
    """Columns to look at; default: all that hold numbers alone."""
    target: Columns | None = None
    """Those of them to be told; default: all."""
    length: fields.PositiveInteger
    """Steps of a window."""
    horizon: fields.PositiveInteger = 1
    """Steps to be told behind it."""
    stride: fields.PositiveInteger = 1
    """Steps from one window to the next."""
    standardize: fields.Flag = True
    """Whether columns get mean 0 and deviation 1."""
    missing: Literal["error", "previous"] = "error"
    """What to do where a value is missing: refuse the file, or take the value before it."""
    header: fields.Flag = True
    """Whether the first line names the columns; without it their names are their numbers."""
    delimiter: fields.Text | None = None
    """What stands between columns; default: a tab in .tsv files, else a comma. A blank stands for
    any number of blanks and tabs."""
    encoding: fields.Text = "utf-8"
    """How the file writes characters as bytes, such as utf-8 or latin-1."""
    test: PartShare | None = None
    """Share of the steps to test on, the last ones; validation comes before it."""

    def stored_facts(self, seed: int) -> DataFacts:
        """Read the file."""
        stored = self.read(Reading(seed, offline=True, announce=silent))
        assert stored.encoder is not None  # noqa: S101 - made by `read`
        first = next(iter(stored.parts.values()))
        shape = stored.encoder.shape
        return DataFacts(
            shape,
            first.targets.shape[1],
            None,
            "dense",
            first.targets.shape[1:],
            {name: len(part.targets) for name, part in stored.parts.items()},
            value_bytes=4,
            kept_shape=(self.stride, shape[1]),
        )

    def read(self, reading: Reading) -> Stored:
        """Read the file, cut it, and learn means and deviations of the part to train on."""
        grid = self._grid()
        known = reading.encoder if isinstance(reading.encoder, Encoder) else None
        names = [each.name for each in known.columns] if known else self._names(grid)
        numbers = step_numbers(grid, names, fills=self.missing == "previous")
        spans = self._spans(len(numbers), grid.name)
        encoder = known or self._learnt(grid, names, numbers[slice(*spans["train"])])
        values = encoder.standardized(numbers)
        told = values[:, [names.index(name) for name in encoder.targets]]
        parts = {
            split: self._part(values, told, span, f"{split} part", grid.name)
            for split, span in spans.items()
        }
        return Stored(parts, None, encoder)

    def _grid(self) -> Grid:
        if not Path(self.path).exists():
            raise absent_file(Path(self.path))
        return Layout(self.header, self.delimiter, self.encoding).read(file_lines(self.path))

    def _names(self, grid: Grid) -> list[str]:
        if self.columns is not None:
            return [grid.columns[grid.find(column)] for column in self.columns]
        names = [name for name in grid.columns if _holds_numbers(grid.values(name))]
        if not names:
            raise DataError("no column holds numbers", at=grid.name, hint="name `columns`")
        return names

    def _spans(self, steps: int, name: str) -> dict[str, tuple[int, int]]:
        """Give the first step of each part of the series, and the one behind it."""
        spans, end = {}, steps
        for split, share in (("test", self.test), ("validation", self.validation)):
            if isinstance(share, float):
                first = end - round(end * share)
                if not 0 < first < end:
                    message = f"{split}: a share of {share:g} of {end} steps leaves a part empty"
                    raise DataError(message, at=name, hint="give a larger share, or more steps")
                spans[split] = (first, end)
                end = first
        return {"train": (0, end), **spans}

    def _learnt(self, grid: Grid, names: list[str], numbers: NDArray[np.float64]) -> Encoder:
        told = [grid.columns[grid.find(column)] for column in self.target or ()] or names
        strange = next((name for name in told if name not in names), None)
        if strange is not None:
            message = f"column {strange!r} is to be told, but is none of `columns`"
            raise DataError(message, at=grid.name, hint=f"those are {', '.join(names)}")
        columns = []
        for name, column in zip(names, numbers.T, strict=True):
            mean, deviation = moments(column) if self.standardize else (0.0, 1.0)
            columns.append(TableColumn(name=name, mean=mean, deviation=deviation))
        return Encoder(
            header=self.header,
            delimiter=self.delimiter,
            encoding=self.encoding,
            columns=tuple(columns),
            targets=tuple(told),
            length=self.length,
            horizon=self.horizon,
            fills=self.missing == "previous",
        )

    def _part(
        self,
        values: NDArray[np.float32],
        told: NDArray[np.float32],
        span: tuple[int, int],
        part: str,
        name: str,
    ) -> Part:
        """Give the windows whose steps to be told lie in a part of the series."""
        length, horizon = self.length, self.horizon
        starts = window_starts(*span, length, horizon, self.stride)
        if not len(starts):
            raise DataError(
                f"the {part} of the series has {span[1] - span[0]} steps, too few for a window of "
                f"{length} and {horizon} behind it",
                at=name,
                hint="write a smaller `length` or `horizon`, or other shares",
            )
        steps = starts[:, np.newaxis] + length + np.arange(horizon)
        return Part(WindowStore(values, starts, length), told[steps].reshape(len(starts), -1))


def _holds_numbers(texts: list[str]) -> bool:
    there = [text for text in texts if not is_missing(text, MISSING)]
    return bool(there) and all(number_of(text) is not None for text in there)
