"""Which tables and files of series lie somewhere, and how a config names them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dltrain.core.errors import DataError
from dltrain.data.columns import MISSING, is_missing, number_of
from dltrain.data.delimited import Grid, Layout
from dltrain.data.encoders.base import file_lines

Fields = dict[str, Any]
Seen = Callable[[Path], str]

_SUFFIXES = (".csv", ".tsv")
_TARGETS = ("target", "label", "class", "y")
_WORDS = 4
"""Words on the average from which a column holds texts, no categories."""


def find_table(files: Sequence[Path], seen: Seen) -> Fields | None:
    """Find a table, the only one; `target` is the column that is called so, or else the last.

    `seen` writes a path as the config reads it.
    """
    tables = [file for file in files if file.suffix.lower() in _SUFFIXES]
    if len(tables) != 1:
        return None
    try:
        grid = Layout().read(file_lines(tables[0]))
    except DataError:
        return None
    named = all(number_of(name) is None for name in grid.columns)
    return _table(grid, named, seen(tables[0]))


def find_series(data: Path, files: Sequence[Path], seen: Seen) -> Fields | None:
    """Find a .ts file, or a folder of them, one of which is to train on."""
    found = [file for file in files if file.suffix.lower() == ".ts"]
    train = any(file.stem.upper().endswith("_TRAIN") for file in found)
    if not found or (data.is_dir() and not train):
        return None
    return {"type": "labelled_series", "path": seen(data)}


def _table(grid: Grid, named: bool, path: str) -> Fields:
    names = [name for name in grid.columns if name.lower() in _TARGETS]
    target: str | int = names[0] if named and names else (grid.columns[-1] if named else -1)
    place = grid.find(target)
    texts = next((name for name in grid.columns if _is_text(grid.values(name))), None)
    if named and texts is not None and len(grid.columns) == 2:
        label = next(name for name in grid.columns if name != texts)
        return {"type": "text_csv", "path": path, "text": texts, "label": label}
    found: Fields = {"type": "table", "path": path, "target": target}
    if not named:
        found["header"] = False
    others = [name for name in grid.columns if name != grid.columns[place]]
    if any(is_missing(text, MISSING) for name in others for text in grid.values(name)):
        found["missing"] = "median"
    return found


def _is_text(values: Sequence[str]) -> bool:
    return sum(len(value.split()) for value in values) > _WORDS * len(values)
