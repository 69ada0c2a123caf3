"""What is told of the rows of a table: a class, several labels, or numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.data.class_names import class_name, class_numbers, class_order, unknown_class
from dltrain.data.columns import MISSING, is_missing, measurements, number_of, require_values
from dltrain.data.delimited import Grid

Task = Literal["classification", "regression", "multi_label"]
MOST_CLASSES = 10
"""Different whole numbers that are still taken for classes where nobody says, if each comes twice
on the average."""
_FLAGS = {"0": 0.0, "1": 1.0, "false": 0.0, "true": 1.0}


@dataclass(frozen=True)
class Told:
    """What columns of targets stand for."""

    task: Task
    columns: tuple[str, ...]
    """The columns of targets."""
    separator: str | None = None
    """What stands between several labels in one column."""
    class_names: tuple[str, ...] | None = None
    """Classes or labels; None where numbers are told."""

    def targets(self, grid: Grid) -> NDArray[Any]:
        """Give labels (n,), or numbers (n, units) in the units of the data.

        Raises: DataError with the line of a value that is missing, wrong, or no known class.
        """
        if self.task == "classification":
            return class_numbers(_texts(grid, self.columns[0]), self.class_names or (), grid.at)
        if self.task == "regression":
            return _numbers(grid, self.columns)
        if self.separator is None:
            return _flags(grid, self.columns)
        return _label_sets(grid, self.columns[0], self.class_names or (), self.separator)


def learnt(
    grid: Grid, columns: Sequence[str], task: Task | Literal["auto"], separator: str | None
) -> Told:
    """Find out what is told, and which classes there are.

    Raises: DataError where the columns do not suit the task.
    """
    kind = _task(grid, columns, separator) if task == "auto" else task
    if kind == "regression":
        return Told(kind, tuple(columns))
    if kind == "classification":
        return Told(kind, tuple(columns), None, _class_names(grid, columns))
    if separator is None:
        return Told(kind, tuple(columns), None, tuple(columns))
    texts = _texts(grid, columns[0], optional=True)
    names = sorted({label for text in texts for label in _labels(text, separator)})
    return Told(kind, tuple(columns), separator, tuple(names))


def _task(grid: Grid, columns: Sequence[str], separator: str | None) -> Task:
    """Tell classes, which are texts or a few whole numbers, from numbers and flags."""
    if separator is not None:
        return "multi_label"
    texts = [text for column in columns for text in grid.values(column)]
    if len(columns) > 1:
        return "multi_label" if all(text.lower() in _FLAGS for text in texts) else "regression"
    numbers = [number_of(text) for text in texts if not is_missing(text, MISSING)]
    if None in numbers:
        return "classification"
    whole = all(number is not None and number.is_integer() for number in numbers)
    few = len(set(numbers)) <= min(MOST_CLASSES, len(numbers) / 2)
    return "classification" if whole and few else "regression"


def _texts(grid: Grid, column: str, *, optional: bool = False) -> list[str]:
    texts = ["" if is_missing(text, MISSING) else text for text in grid.values(column)]
    if not optional:
        empty = np.array([text == "" for text in texts])
        require_values(column, empty, grid.at, hint="leave out the rows without a target")
    return [class_name(text) for text in texts]


def _class_names(grid: Grid, columns: Sequence[str]) -> tuple[str, ...]:
    """Sort the classes, numbers as numbers."""
    if len(columns) > 1:
        message = f"a class stands in one column, but `target` names {len(columns)}"
        hint = "write `task: regression` for numbers, or multi_label for columns of 0 and 1"
        raise DataError(message, at=grid.name, hint=hint)
    names = set(_texts(grid, columns[0]))
    if len(names) < 2:
        raise DataError(f"column {columns[0]!r} holds a single class: {min(names)!r}", at=grid.name)
    return class_order(names)


def _numbers(grid: Grid, columns: Sequence[str]) -> NDArray[np.float64]:
    found = []
    for column in columns:
        numbers = measurements(column, grid.values(column), MISSING, grid.at)
        hint = "leave out the rows without a target"
        require_values(column, np.isnan(numbers), grid.at, hint=hint)
        found.append(numbers)
    return np.stack(found, axis=1)


def _flags(grid: Grid, columns: Sequence[str]) -> NDArray[np.float32]:
    flags = np.empty((len(grid.rows), len(columns)), np.float32)
    for unit, column in enumerate(columns):
        for row, text in enumerate(grid.values(column)):
            flag = _FLAGS.get(class_name(text).lower())
            if flag is None:
                message = f"column {column!r}: {text!r} is neither 0 nor 1"
                raise DataError(message, at=grid.at(row), hint="write 0 or 1, false or true")
            flags[row, unit] = flag
    return flags


def _label_sets(
    grid: Grid, column: str, names: tuple[str, ...], separator: str
) -> NDArray[np.float32]:
    numbers = {name: number for number, name in enumerate(names)}
    flags = np.zeros((len(grid.rows), len(names)), np.float32)
    for row, text in enumerate(_texts(grid, column, optional=True)):
        for label in _labels(text, separator):
            if label not in numbers:
                raise unknown_class(label, names, grid.at(row))
            flags[row, numbers[label]] = 1
    return flags


def _labels(text: str, separator: str) -> list[str]:
    return [label.strip() for label in text.split(separator) if label.strip()]
