"""Columns of tables: measurements and categories, as they were learnt of the training rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dltrain.core.component import Component
from dltrain.core.errors import DataError

LARGEST = float(np.finfo(np.float32).max)
"""The largest number that a network can take in."""
Missing = Literal["error", "median", "mean"]
MISSING = ("", "?", "na", "n/a", "nan", "null")
"""Texts that stand for no value, in lower case."""
UNSEEN = 0
"""The number of all categories that do not occur in training."""
Place = Callable[[int], str | None]
"""Where the value of a row stands."""


class TableColumn(Component):
    """One column: how its values become numbers."""

    name: str
    """What its file calls it."""
    categories: tuple[str, ...] | None = None
    """The texts that have numbers of their own, from 1; None where values are measurements."""
    mean: float = 0.0
    """What is taken from a measurement."""
    deviation: float = 1.0
    """What it is then divided by."""
    fill: float | None = None
    """What stands for a missing measurement; None where there may be none."""
    optional: bool = False
    """Whether a category may be missing, which is then one by itself."""
    missing: tuple[str, ...] = MISSING
    """Texts that stand for no value, in lower case."""

    def encode(self, values: Sequence[Any], place: Place) -> NDArray[np.float32]:
        """Give the numbers of values (texts, or numbers).

        Raises: DataError, with the place of the first, where values are missing or no numbers.
        """
        if self.categories is not None:
            return self._numbered(values, place)
        numbers = measurements(self.name, values, self.missing, place)
        empty = np.isnan(numbers)
        if self.fill is None:
            require_values(self.name, empty, place, hint="`missing: median` fills numbers")
        numbers = np.where(empty, self.fill or 0.0, numbers)
        return ((numbers - self.mean) / self.deviation).astype(np.float32)

    def _numbered(self, values: Sequence[Any], place: Place) -> NDArray[np.float32]:
        texts = [category(value, self.missing) for value in values]
        if not self.optional:
            empty = np.array([text == "" for text in texts])
            hint = "`missing: median` makes a category of it"
            require_values(self.name, empty, place, hint=hint)
        numbers = {text: number for number, text in enumerate(self.categories or (), 1)}
        return np.array([numbers.get(text, UNSEEN) for text in texts], np.float32)


def is_categorical(name: str, values: Sequence[Any], missing: Sequence[str], place: Place) -> bool:
    """Tell texts from numbers.

    Raises: DataError at a text among values of which most are numbers.
    """
    there = [row for row, value in enumerate(values) if not is_missing(value, missing)]
    texts = [row for row in there if number_of(values[row]) is None]
    if texts and 2 * len(texts) < len(there):
        raise DataError(
            f"column {name!r}: {values[texts[0]]!r} is no finite number, though most values are",
            at=place(texts[0]),
            hint=f"correct it, or write `categorical: [{name}]` where all are meant as texts",
        )
    return bool(texts)


def learnt_column(
    name: str, values: Sequence[Any], place: Place, *, categorical: bool, standardize: bool,
    missing: Missing, texts: tuple[str, ...],
) -> TableColumn:  # fmt: skip
    """Learn of training values how a column becomes numbers.

    Raises: DataError where values are missing that may not be.
    """
    if categorical:
        found = {category(value, texts) for value in values} - {""}
        if missing != "error" and any(is_missing(value, texts) for value in values):
            found.add("")
        names = tuple(sorted(found))
        optional = missing != "error"
        return TableColumn(name=name, categories=names, optional=optional, missing=texts)
    numbers = measurements(name, values, texts, place)
    fill = None
    if missing != "error":
        known = numbers[~np.isnan(numbers)]
        middle = np.median if missing == "median" else np.mean
        fill = float(middle(known)) if known.size else 0.0
        numbers = np.where(np.isnan(numbers), fill, numbers)
    mean, deviation = moments(numbers) if standardize else (0.0, 1.0)
    return TableColumn(name=name, mean=mean, deviation=deviation, fill=fill, missing=texts)


def moments(numbers: NDArray[np.float64]) -> tuple[float, float]:
    """Give mean and standard deviation of what is there; 1 for numbers that are all the same."""
    known = numbers[~np.isnan(numbers)]
    if not known.size:
        return 0.0, 1.0
    mean, deviation = float(known.mean()), float(known.std())
    # Rounding leaves a little where all numbers are the same.
    return mean, deviation if deviation > 1e-12 * max(abs(mean), 1e-300) else 1.0


def measurements(
    name: str, values: Sequence[Any], missing: Sequence[str], place: Place, *,
    hint: str | None = None,
) -> NDArray[np.float64]:  # fmt: skip
    """Give values as numbers, NaN where one is missing.

    Raises: DataError where one is no number.
    """
    numbers = np.empty(len(values))
    for row, value in enumerate(values):
        if is_missing(value, missing):
            numbers[row] = np.nan
            continue
        number = number_of(value)
        if number is None:
            message = f"column {name!r}: {value!r} is no finite number"
            raise DataError(message, at=place(row), hint=hint)
        numbers[row] = number
    return numbers


def require_values(name: str, empty: NDArray[np.bool_], place: Place, *, hint: str) -> None:
    """Raise DataError where values are missing, with the place of the first."""
    count = int(empty.sum())
    if count:
        more = f", and in {count - 1:,} more rows" if count > 1 else ""
        message = f"column {name!r} has no value here{more}"
        raise DataError(message, at=place(int(np.argmax(empty))), hint=hint)


def is_missing(value: Any, missing: Sequence[str]) -> bool:
    """Tell whether something stands for no value."""
    if isinstance(value, str):
        return value.strip().lower() in missing
    return value is None or (isinstance(value, float) and math.isnan(value))


def category(value: Any, missing: Sequence[str]) -> str:
    """Give the text of a category, empty for a missing one."""
    return "" if is_missing(value, missing) else str(value).strip()


def number_of(value: Any) -> float | None:
    """Read a number that is finite as a float32 too; None where there is none."""
    if isinstance(value, str) and "_" in value:
        return None  # Python's own spelling
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    # What is larger would make the deviation of its column infinite, and the column constant.
    return number if abs(number) <= LARGEST else None
