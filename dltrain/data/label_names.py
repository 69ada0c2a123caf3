"""Classes that have numbers for names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from numpy.typing import NDArray

from dltrain.core.errors import DataError

_USUAL_VOID = 255


def class_count(labels: Iterable[NDArray[Any]], given: int | None) -> int:
    """Give the number of classes: as given, or the largest label of all splits and one."""
    if given is not None:
        return given
    return max((int(part.max()) + 1 for part in labels if part.size), default=1)


def check_last_class(labels: Sequence[NDArray[Any]], classes: int, *, at: str) -> None:
    """Raise DataError where the largest label of pixels looks like the one for no class.

    That is 255 in many data sets: 256 classes of which the last but one never occurs.
    """
    maps = [part for part in labels if part.ndim > 1]
    if not maps or classes != _USUAL_VOID + 1 or any((part == classes - 2).any() for part in maps):
        return
    raise DataError(
        f"{_USUAL_VOID} is a label and {_USUAL_VOID - 1} is none: does it stand for no class?",
        at=at,
        hint=f"write `ignore_class: {_USUAL_VOID}` to leave such pixels out, or say with `classes` "
        "which there are",
    )


def numbered(classes: int) -> tuple[str, ...]:
    """Name classes by their numbers, from 0."""
    return tuple(str(number) for number in range(classes))
