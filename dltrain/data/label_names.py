"""Classes that have numbers for names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from numpy.typing import NDArray


def class_count(labels: Iterable[NDArray[Any]], given: int | None) -> int:
    """Give the number of classes: as given, or the largest label of all splits and one."""
    if given is not None:
        return given
    return max((int(part.max()) + 1 for part in labels if len(part)), default=1)


def numbered(classes: int) -> tuple[str, ...]:
    """Name classes by their numbers, from 0."""
    return tuple(str(number) for number in range(classes))
