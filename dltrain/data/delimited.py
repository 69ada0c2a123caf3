"""Tables in text files: CSV, TSV and their relatives, with or without a header."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dltrain.core.errors import DataError
from dltrain.core.suggest import nearest
from dltrain.data.encoders.base import Lines

Column = str | int
"""A column by its name, or by its number: 0 is the first, -1 the last."""


@dataclass(frozen=True)
class Layout:
    """How a file writes a table."""

    header: bool = True
    """Whether the first line names the columns."""
    delimiter: str | None = None
    """What stands between columns; None for a tab in .tsv files, else a comma."""
    encoding: str = "utf-8"
    """How characters are written as bytes."""

    def read(self, lines: Lines) -> Grid:
        """Read a whole table.

        Raises: DataError where it is no text of this encoding, empty, or a row has other columns.
        """
        text = decoded(lines, self.encoding)
        delimiter = self.delimiter or ("\t" if Path(lines.name).suffix == ".tsv" else ",")
        # In tab-separated text a quotation mark is one.
        quoting: Literal[0, 3] = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)
        rows: list[list[str]] = []
        numbers: list[int] = []
        try:
            for row in reader:
                if row:
                    rows.append(row)
                    numbers.append(reader.line_num)
        except csv.Error as error:
            at = f"{lines.name}:{reader.line_num}"
            raise DataError(f"the table cannot be read: {error}", at=at) from error
        if len(rows) <= self.header:
            raise DataError("the table is empty: it has no rows", at=lines.name)
        names = rows[0] if self.header else [str(number) for number in range(len(rows[0]))]
        grid = Grid(lines.name, tuple(names), rows[self.header :], numbers[self.header :])
        grid.check()
        return grid


@dataclass(frozen=True)
class Grid:
    """A table as it was written."""

    name: str
    """The file."""
    columns: tuple[str, ...]
    """Names of the columns; their numbers where there is no header."""
    rows: Sequence[list[str]]
    lines: Sequence[int]
    """The line of each row in the file."""

    def check(self) -> None:
        """Raise DataError where a row has more or fewer columns than there are."""
        for row, line in zip(self.rows, self.lines, strict=True):
            if len(row) != len(self.columns):
                raise DataError(
                    f"the row has {len(row)} columns, not {len(self.columns)}",
                    at=f"{self.name}:{line}",
                    hint="is the `delimiter` the right one? values that hold it stand in quotes",
                )

    def at(self, row: int) -> str:
        """Say where a row stands, as file:line."""
        return f"{self.name}:{self.lines[row]}"

    def find(self, column: Column) -> int:
        """Give the number of a column, from 0.

        Raises: DataError, with the nearest name, where there is none.
        """
        count = len(self.columns)
        if isinstance(column, int):
            if -count <= column < count:
                return column % count
            message = f"there is no column {column}; there are {count}, counted from 0"
            raise DataError(message, at=self.name, hint="-1 is the last one")
        if column in self.columns:
            return self.columns.index(column)
        near = nearest(column, self.columns)
        raise DataError(
            f"no column is called {column!r}; there are {', '.join(self.columns)}",
            at=self.name,
            hint=f"did you mean `{near}`?" if near else "without a header write its number, from 0",
        )

    def values(self, column: Column) -> list[str]:
        """Give all values of a column."""
        number = self.find(column)
        return [row[number] for row in self.rows]


def decoded(lines: Lines, encoding: str) -> str:
    """Read a whole text; a byte order mark is none of it.

    Raises: DataError where it is not of this encoding.
    """
    try:
        return lines.read().decode(encoding).removeprefix("\ufeff")
    except (LookupError, UnicodeDecodeError) as error:
        raise DataError(
            f"the text is not {encoding}: {error}",
            at=lines.name,
            hint="name the file's `encoding`, such as latin-1",
        ) from error
