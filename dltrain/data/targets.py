"""What samples are compared with: class labels, or dense numbers."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError


def form_of(targets: NDArray[Any]) -> Literal["labels", "dense"]:
    """Tell labels, int32 (n,), from dense targets."""
    return "labels" if targets.dtype == np.int32 and targets.ndim == 1 else "dense"


def as_targets(y: NDArray[Any], *, at: str) -> NDArray[Any]:
    """Give labels int32 (n,) for whole numbers, one a sample; else float32 (n, ...).

    Raises: DataError where values are no numbers, not finite, or negative as labels.
    """
    if y.dtype.kind not in "biuf" or y.ndim == 0:
        raise DataError(f"targets must be numbers, one row a sample, not {y.dtype}", at=at)
    if y.ndim == 2 and y.shape[1] == 1 and y.dtype.kind != "f":
        y = y[:, 0]
    if y.dtype.kind != "f" and y.ndim == 1:
        if len(y) and int(y.max()) > np.iinfo(np.int32).max:
            raise DataError(f"{int(y.max())} is too large for a class label", at=at)
        return y.astype(np.int32)
    if not np.isfinite(y).all():
        row = int(np.argmin(np.isfinite(y).reshape(len(y), -1).all(axis=1)))
        raise DataError(f"the target of sample {row} is not finite", at=at)
    return (y[:, np.newaxis] if y.ndim == 1 else y).astype(np.float32)


def check_labels(labels: NDArray[Any], classes: int, *, at: str) -> None:
    """Raise DataError, naming the first such sample, where a label is outside 0 .. classes - 1."""
    if form_of(labels) != "labels":
        return
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if not len(wrong):
        return
    first = int(wrong[0])
    raise DataError(
        f"labels outside the classes 0 to {classes - 1}: sample {first} has {labels[first]}"
        + (f", and {len(wrong) - 1:,} more are outside" if len(wrong) > 1 else ""),
        at=at,
        hint="labels count from 0; correct them, or leave those samples out",
    )


def check_counts(samples: int, targets: int, *, at: str) -> None:
    """Raise DataError unless there is a target for each sample, and at least one sample."""
    if samples != targets:
        raise DataError(f"{samples:,} samples, but {targets:,} labels", at=at)
    if samples == 0:
        raise DataError("there are no samples", at=at)


def is_one_hot(targets: NDArray[Any]) -> bool:
    """Tell whether every row is 1 in one place and 0 elsewhere."""
    if targets.ndim != 2 or targets.shape[1] < 2:
        return False
    ones = targets == 1
    return bool((ones | (targets == 0)).all() and (ones.sum(axis=1) == 1).all())
