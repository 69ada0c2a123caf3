"""The texts in a file that a model is asked about: a column of a table, or lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from dltrain.core.errors import DataError
from dltrain.data.delimited import Column, Layout, decoded
from dltrain.data.encoders.base import Lines


class TextPlace(Protocol):
    """Where texts stand in files."""

    @property
    def column(self) -> Column | None:
        """Their column in tables; None where data are plain text."""

    @property
    def header(self) -> bool:
        """Whether tables name their columns."""

    @property
    def delimiter(self) -> str | None:
        """What stands between columns."""

    @property
    def encoding(self) -> str:
        """How characters are written as bytes."""


def text_records(place: TextPlace, lines: Lines) -> Iterator[tuple[str, str | DataError]]:
    """Give the text of each row of a table, or of each line that is not empty, with its place.

    A row that has more or fewer columns than the table gives what is wrong with it.
    """
    is_table = Path(lines.name).suffix.lower() in (".csv", ".tsv")
    if place.column is not None and is_table:
        grid = Layout(place.header, place.delimiter, place.encoding).read(lines, ragged=True)
        column = grid.find(0 if len(grid.columns) == 1 else place.column)
        for row, values in enumerate(grid.rows):
            error = grid.error(row)
            yield grid.at(row), values[column] if error is None else error
        return
    for number, line in enumerate(decoded(lines, place.encoding).splitlines(), start=1):
        if line.strip():
            yield f"{lines.name}:{number}", line
