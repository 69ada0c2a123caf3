"""Splits as they are stored, before samples are prepared for the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.shapes import Shape
from dltrain.data.buckets import Buckets
from dltrain.data.encoders.base import Encoder
from dltrain.data.label_maps import is_map
from dltrain.data.split import split_end, split_rows
from dltrain.data.stores import Store
from dltrain.data.targets import form_of
from dltrain.data.transforms.base import Transform

_OTHER_NAMES = {"val": "validation", "valid": "validation", "training": "train", "testing": "test"}


def silent(text: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Reading:
    """How a source is to be read."""

    seed: int
    offline: bool
    announce: Callable[[str], None]
    class_names: tuple[str, ...] | None = None
    """The classes of a trained model, in its order, where there is one."""
    source_shape: Shape | None = None
    """The shape of the samples that it was trained on, as they are stored."""
    encoder: Encoder | None = None
    """How its records became samples, where they were records."""
    warn: Callable[[str], None] = silent
    """Is told what may be wrong with data that can be used."""


@dataclass(frozen=True, eq=False)
class Part:
    """A split as it is stored."""

    store: Store
    targets: NDArray[Any]
    """Labels int32 (n,) or int16 (n, ...), or dense targets float32 (n, ...)."""
    rows: NDArray[np.int64] | None = None
    """Which rows of the store the targets belong to; None for all, in order."""
    buckets: Buckets | None = None
    """How long the samples are, where batches are to hold as many steps as they need."""

    def prepared_targets(self, transforms: tuple[Transform, ...]) -> NDArray[Any]:
        """Give the targets, changed as their images are by transforms that work on pixels."""
        targets = self.targets
        if is_map(form_of(targets) == "labels", targets.shape[1:], self.store.shape):
            for transform in transforms:
                targets = transform.apply_to_labels(targets)
        return targets

    def taken(self, rows: NDArray[np.int64]) -> Part:
        """Give the part that holds some of these samples."""
        buckets = None if self.buckets is None else self.buckets.taken(rows)
        own = rows if self.rows is None else self.rows[rows]
        return Part(self.store, self.targets[rows], own, buckets)


@dataclass(frozen=True, eq=False)
class Stored:
    """A data set as it is stored, before splits are taken and samples prepared."""

    parts: dict[str, Part]
    class_names: tuple[str, ...] | None = None
    encoder: Encoder | None = None
    """How records became samples, where the data are records."""
    in_order: bool = False
    """Whether samples follow one another in time: a share is then taken from the end."""


def take_share(
    parts: dict[str, Part], name: str, share: float, seed: int, *, in_order: bool = False
) -> dict[str, Part]:
    """Take a share of the training split as a split of its own: its end, or every class alike."""
    train = parts["train"]
    stay, taken = share_rows(train.targets, name, share, seed, in_order=in_order)
    return {**parts, "train": train.taken(stay), name: train.taken(taken)}


def share_rows(
    targets: NDArray[Any], name: str, share: float, seed: int, *, in_order: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the rows that stay, and those of a share that is a split of its own."""
    cut = split_end if in_order else partial(split_rows, seed=seed)
    return cut(targets, share=share, purpose=name)


def split_name(name: str) -> str:
    """Give the name that dltrain uses for a split which others call `val` or `training`."""
    return _OTHER_NAMES.get(name.lower(), name)
