"""Names of classes as files write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.core.suggest import nearest
from dltrain.data.columns import Place, number_of

_LISTED = 20


def class_name(text: str) -> str:
    """Write whole numbers in one way: 1, 1.0 and 1e0 are the same class."""
    number = number_of(text)
    return str(int(number)) if number is not None and number.is_integer() else text


def class_order(names: Iterable[str]) -> tuple[str, ...]:
    """Sort different names, those that are all numbers as numbers."""
    different = set(names)
    if any(number_of(name) is None for name in different):
        return tuple(sorted(different))
    return tuple(sorted(different, key=lambda name: (float(name), name)))


def class_numbers(texts: Sequence[str], names: Sequence[str], place: Place) -> NDArray[np.int32]:
    """Give the numbers of classes; raise DataError, with its place, at one that is none."""
    numbers = {name: number for number, name in enumerate(names)}
    for row, text in enumerate(texts):
        if text not in numbers:
            raise unknown_class(text, names, place(row))
    return np.array([numbers[text] for text in texts], np.int32)


def unknown_class(name: str, names: Sequence[str], at: str | None) -> DataError:
    """Say that training knows no such class, and which is near."""
    near = nearest(name, names)
    listed = ", ".join(names[:_LISTED]) + (", ..." if len(names) > _LISTED else "")
    hint = f"did you mean `{near}`?" if near else "leave the row out, or train with such rows"
    return DataError(f"{name!r} is not one of the classes in training: {listed}", at=at, hint=hint)
