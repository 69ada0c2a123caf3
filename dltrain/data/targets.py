"""What samples are compared with: class labels, or dense numbers."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.core.labels import VOID
from dltrain.data.label_maps import as_map_type

Form = Literal["labels", "dense"]


def form_of(targets: NDArray[Any]) -> Form:
    """Tell labels, whole numbers, from dense targets."""
    return "labels" if targets.dtype.kind == "i" else "dense"


def as_targets(y: NDArray[Any], *, at: str, form: Form | None = None) -> NDArray[Any]:
    """Give labels, int32 (n,) or int16 (n, ...), or dense targets, float32 (n, ...).

    Without a `form`, whole numbers are labels where there is one a sample or a map of them
    (n, height, width), also with one channel.
    Raises: DataError where values are no numbers, not finite, or no labels.
    """
    if y.dtype.kind not in "biuf" or y.ndim == 0:
        raise DataError(f"targets must be numbers, one row a sample, not {y.dtype}", at=at)
    whole = y.dtype.kind != "f"
    if form == "labels" and not whole:
        raise DataError(f"labels must be whole numbers, not {y.dtype}", at=at)
    axes = y.ndim - (1 if y.ndim in (2, 4) and y.shape[-1] == 1 else 0)
    if form == "labels" or (form is None and whole and axes in (1, 3)):
        return _labels(y.reshape(y.shape[:axes]), at=at)
    if not np.isfinite(y).all():
        row = int(np.argmin(np.isfinite(y).reshape(len(y), -1).all(axis=1)))
        raise DataError(f"the target of sample {row} is not finite", at=at)
    return (y[:, np.newaxis] if y.ndim == 1 else y).astype(np.float32)


def _labels(y: NDArray[Any], *, at: str) -> NDArray[Any]:
    if y.size and int(y.max()) > np.iinfo(np.int32).max:
        raise DataError(f"{int(y.max())} is too large for a class label", at=at)
    return y.astype(np.int32) if y.ndim == 1 else as_map_type(y)


def check_labels(labels: NDArray[Any], classes: int, *, at: str, ignored: bool = False) -> None:
    """Raise DataError, naming the first such sample, where a label is outside 0 .. classes - 1.

    With `ignored`, there may be none.
    """
    if form_of(labels) != "labels":
        return
    wrong = (labels < (VOID if ignored else 0)) | (labels >= classes)
    if not wrong.any():
        return
    first = np.unravel_index(int(np.argmax(wrong)), labels.shape)
    count, place = int(wrong.sum()), f" at {tuple(map(int, first[1:]))}" if first[1:] else ""
    hint = "labels count from 0; correct them, or leave those samples out"
    if place:
        hint = "labels count from 0; `ignore_class` names one that stands for no class"
    raise DataError(
        f"labels outside the classes 0 to {classes - 1}: sample {first[0]} has {labels[first]}"
        + place
        + (f", and {count - 1:,} more are outside" if count > 1 else ""),
        at=at,
        hint=hint,
    )


def without_class(labels: NDArray[Any], ignored: int | None, *, at: str) -> NDArray[Any]:
    """Write VOID for the label that stands for no class, where there is one."""
    if ignored is None:
        return labels
    if form_of(labels) != "labels":
        raise DataError("ignore_class names a label, but the targets are dense", at=at)
    if ignored != VOID and (labels == VOID).any():
        hint = f"write one of {VOID} and {ignored} for what has no class"
        raise DataError(f"labels outside the classes: there is {VOID}", at=at, hint=hint)
    return np.where(labels == ignored, labels.dtype.type(VOID), labels)


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
