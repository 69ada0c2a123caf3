"""Counts of each class over all that is measured, and the scores that are made of them."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import ShapeError
from dltrain.core.shapes import Shape
from dltrain.losses.base import Comparing, rows_of
from dltrain.metrics.base import Total, compare

Array = NDArray[np.float64]
Average = Literal["macro", "weighted", "micro"]


class ClassCounts(NamedTuple):
    """For each class: positions where it is found and true, where it is true, where it is found."""

    right: Array
    true: Array
    found: Array


def classes_of(output: Shape) -> int:
    """Count the classes that an output tells apart: two by a single number."""
    return max(rows_of(output)[1], 2)


def count_classes(at: Comparing) -> None:
    """Write the row that counts: several sigmoids each by itself, all else by the class found."""
    several = rows_of(at.output.shape)[1] > 1 and at.output_activation == "sigmoid"
    compare(at, "unit_counts" if several else "class_counts")


def counts_of(total: Total) -> ClassCounts:
    """Take sums apart."""
    return ClassCounts(*np.asarray(total).reshape(3, -1))


def score(
    counts: ClassCounts,
    part: Array,
    whole: Array,
    *,
    average: Average = "macro",
    class_id: int | None = None,
) -> float:
    """Give part / whole of one class, or averaged over those that are true or found anywhere.

    0 / 0 is 0, as in scikit-learn.
    """
    if class_id is not None:
        part, whole = part[[class_id]], whole[[class_id]]
    if class_id is not None or average == "micro":
        return float(_ratio(part.sum(keepdims=True), whole.sum(keepdims=True))[0])
    anywhere = (counts.true + counts.found > 0).astype(np.float64)
    weights = counts.true if average == "weighted" else anywhere
    return float(_ratio(part, whole) @ weights / max(weights.sum(), 1.0))


def check_class(class_id: int | None, output: Shape) -> None:
    """Raise ShapeError where there is no class of this number."""
    classes = classes_of(output)
    if class_id is not None and class_id >= classes:
        raise ShapeError(
            f"there is no class {class_id}: the network tells {classes} classes apart",
            field="class_id",
            hint=f"classes count from 0 to {classes - 1}",
        )


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
