"""Tables in Parquet files, read by pyarrow where it is installed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from dltrain.core.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    from dltrain.data.encoders.base import Lines


def read_parquet(lines: Lines) -> tuple[tuple[str, ...], list[list[str]]]:
    """Give the names of the columns, and the rows with every value as text, empty for none.

    Raises: MissingExtraError without pyarrow, DataError where it is no Parquet file.
    """
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise MissingExtraError(
            "reading Parquet files takes pyarrow, which is not installed",
            at=lines.name,
            hint='pip install "dltrain[parquet]"',
        ) from error
    try:
        table = parquet.read_table(io.BytesIO(lines.read()))
    except ArrowException as error:
        raise DataError(f"this is no Parquet file: {error}", at=lines.name) from error
    columns = [[_text(value) for value in column.to_pylist()] for column in table.columns]
    if not columns or not columns[0]:
        raise DataError("the table is empty: it has no rows", at=lines.name)
    return tuple(table.column_names), [list(row) for row in zip(*columns, strict=True)]


def _text(value: Any) -> str:
    if value is None:
        return ""
    # JSON's and YAML's spelling, as CSV files have it too.
    return str(value).lower() if isinstance(value, bool) else str(value)
