"""Tables in files: CSV, TSV and their relatives, with or without a header; Parquet too."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from dltrain.core.errors import DataError
from dltrain.core.fields import Integer, Text
from dltrain.core.suggest import nearest
from dltrain.data.encoders.base import Lines
from dltrain.data.parquet import read_parquet

Column = Annotated[Integer | Text, Field(union_mode="left_to_right")]
"""A column by its name, or by its number: 0 is the first, -1 the last."""
BLANK = " "
"""A delimiter of which any number stands for one."""


@dataclass(frozen=True)
class Layout:
    """How a file writes a table."""

    header: bool = True
    """Whether the first line names the columns."""
    delimiter: str | None = None
    """What stands between columns; None for a tab in .tsv files, else a comma."""
    encoding: str = "utf-8"
    """How characters are written as bytes."""

    def read(self, lines: Lines, *, ragged: bool = False) -> Grid:
        """Read a whole table; where it may be `ragged`, rows may have any number of columns.

        Raises: DataError where it is no text of this encoding, empty, or a row has other columns.
        """
        if Path(lines.name).suffix == ".parquet":
            columns, values = read_parquet(lines)
            return Grid(lines.name, columns, values, range(1, len(values) + 1))
        rows: list[list[str]] = []
        numbers: list[int] = []
        for number, row in self._rows(lines):
            rows.append(row)
            numbers.append(number)
        if len(rows) <= self.header:
            raise DataError("the table is empty: it has no rows", at=lines.name)
        names = rows[0] if self.header else [str(number) for number in range(len(rows[0]))]
        grid = Grid(lines.name, tuple(names), rows[self.header :], numbers[self.header :])
        grid.check_names()
        if not ragged:
            for number in range(len(grid.rows)):
                grid.check(number)
        return grid

    def _rows(self, lines: Lines) -> Iterator[tuple[int, list[str]]]:
        """Give the rows that are not empty, each with its line."""
        text = decoded(lines, self.encoding)
        delimiter = self.delimiter or ("\t" if Path(lines.name).suffix == ".tsv" else ",")
        if delimiter == BLANK:
            split = ((number, line.split()) for number, line in enumerate(text.splitlines(), 1))
            yield from ((number, row) for number, row in split if row)
            return
        # In tab-separated text a quotation mark is one.
        quoting: Literal[0, 3] = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)
        try:
            for row in reader:
                if row:
                    yield reader.line_num, [value.strip() for value in row]
        except csv.Error as error:
            at = f"{lines.name}:{reader.line_num}"
            raise DataError(f"the table cannot be read: {error}", at=at) from error


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

    def error(self, row: int) -> DataError | None:
        """Tell whether a row has more or fewer columns than there are."""
        if len(self.rows[row]) == len(self.columns):
            return None
        return DataError(
            f"the row has {len(self.rows[row])} columns, not {len(self.columns)}",
            at=self.at(row),
            hint="is the `delimiter` the right one? values that hold it stand in quotes",
        )

    def check(self, row: int) -> None:
        """Raise DataError where a row has more or fewer columns than there are."""
        error = self.error(row)
        if error is not None:
            raise error

    def check_names(self) -> None:
        """Raise DataError where two columns have one name."""
        twice = next((name for name in self.columns if self.columns.count(name) > 1), None)
        if twice is not None:
            message = f"two columns are called {twice!r}"
            raise DataError(
                message, at=f"{self.name}:1", hint="without names write `header: false`"
            )

    def at(self, row: int) -> str:
        """Say where a row stands, as file:line."""
        return f"{self.name}:{self.lines[row]}"

    def take(self, rows: Sequence[int]) -> Grid:
        """Give some of the rows."""
        lines = [self.lines[row] for row in rows]
        return Grid(self.name, self.columns, [self.rows[row] for row in rows], lines)

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
