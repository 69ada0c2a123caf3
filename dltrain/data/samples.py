"""The samples of a split as the network sees them, and a whole data set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from dltrain.core.inputs import NOTHING_KNOWN, InputFacts
from dltrain.core.shapes import Shape, size_of
from dltrain.data.augmentations.base import Augmentation
from dltrain.data.buckets import Buckets
from dltrain.data.draws import uniform
from dltrain.data.label_maps import is_map
from dltrain.data.scaling import scaled
from dltrain.data.stores import MEMORY_BUDGET, Store, apply, shape_after
from dltrain.data.targets import form_of
from dltrain.data.transforms.base import Transform

TargetForm = Literal["labels", "dense"]

_CHUNK = 256


class Samples(Protocol):
    """A split. Samples are addressed by 0 .. len - 1, the same ones for the same config."""

    @property
    def shape(self) -> Shape:
        """The shape of one sample, as the network sees it."""

    @property
    def targets(self) -> NDArray[Any]:
        """Labels (n, ...), or dense targets float32 (n, ...), as they are stored."""

    @property
    def target_shape(self) -> Shape:
        """The shape of one target, as the network is compared with it."""

    @property
    def buckets(self) -> Buckets | None:
        """How long the samples are, where batches are to hold as many steps as they need."""

    def __len__(self) -> int:
        """Count the samples."""

    def gather(
        self,
        indices: NDArray[np.int64],
        out: NDArray[np.float32],
        *,
        augment: tuple[int, int] | None = None,
    ) -> None:
        """Write the samples into `out` [n, ...]; any thread may do so.

        `augment` is the seed and epoch of the random changes, None for none.
        """

    def gather_targets(
        self,
        indices: NDArray[np.int64],
        out: NDArray[Any],
        *,
        augment: tuple[int, int] | None = None,
    ) -> None:
        """Write the targets of samples into `out`, changed as the samples are."""


@dataclass(frozen=True, eq=False)
class StoredSamples:
    """Rows of a store, scaled and transformed on their way to the network."""

    store: Store
    rows: NDArray[np.int64] | None
    """Which rows of the store belong to the split; None for all."""
    targets: NDArray[Any]
    transforms: tuple[Transform, ...] = ()
    """What is left to do after the scaling."""
    augmentations: tuple[Augmentation, ...] = ()
    buckets: Buckets | None = None
    """How long the samples are, where batches are to hold as many steps as they need."""

    @property
    def shape(self) -> Shape:
        """The shape of one sample, as the network sees it."""
        return shape_after(self.transforms, self.store.shape)

    @property
    def target_shape(self) -> Shape:
        """The shape of one target, as the network is compared with it."""
        return self.shape[:2] if self._are_maps else self.targets.shape[1:]

    @property
    def _are_maps(self) -> bool:
        labels = form_of(self.targets) == "labels"
        return is_map(labels, self.targets.shape[1:], self.store.shape)

    def __len__(self) -> int:
        """Count the samples."""
        return len(self.targets)

    def gather(
        self,
        indices: NDArray[np.int64],
        out: NDArray[np.float32],
        *,
        augment: tuple[int, int] | None = None,
    ) -> None:
        """Write the samples into `out` [n, ...]; any thread may do so."""
        x = self.store.take(indices if self.rows is None else self.rows[indices])
        if augment is not None:
            x = self._augmented(x, indices, *augment)
        if not self.transforms:
            scaled(x, self.store.divisor, out=out)
            return
        y = apply(self.transforms, scaled(x, self.store.divisor))
        np.copyto(out, y)

    def gather_targets(
        self,
        indices: NDArray[np.int64],
        out: NDArray[Any],
        *,
        augment: tuple[int, int] | None = None,
    ) -> None:
        """Write the targets of samples into `out`, changed as the samples are."""
        y = self.targets[indices]
        if self._are_maps:
            if augment is not None:
                for augmentation, draws in self._draws(indices, *augment):
                    y = augmentation.apply_to_labels(y, draws)
            for transform in self.transforms:
                y = transform.apply_to_labels(y)
        np.copyto(out, y)

    def batches(self) -> Iterator[NDArray[np.float32]]:
        """Give all samples in order, unaugmented, a few hundred at a time."""
        for start in range(0, len(self), _CHUNK):
            indices = np.arange(start, min(start + _CHUNK, len(self)), dtype=np.int64)
            out = np.empty((len(indices), *self.shape), np.float32)
            self.gather(indices, out)
            yield out

    def _augmented(
        self, x: NDArray[Any], indices: NDArray[np.int64], seed: int, epoch: int
    ) -> NDArray[Any]:
        for augmentation, draws in self._draws(indices, seed, epoch):
            x = augmentation.apply(x, draws)
        return x

    def _draws(
        self, indices: NDArray[np.int64], seed: int, epoch: int
    ) -> Iterator[tuple[Augmentation, NDArray[np.float64]]]:
        """Give each augmentation with its random numbers, the same for samples and targets."""
        for position, augmentation in enumerate(self.augmentations):
            purpose = f"augment-{position}-{augmentation.type_name}"
            yield augmentation, uniform(seed, purpose, epoch, indices, augmentation.draws)


@dataclass(frozen=True)
class DataFacts:
    """What is known of a data set without reading all of it."""

    input_shape: Shape
    """The shape of a sample as the network sees it, after the transforms."""
    classes: int | None
    """How many classes there are, or numbers in a dense target."""
    class_names: tuple[str, ...] | None
    target_form: TargetForm
    target_shape: Shape
    samples: dict[str, int]
    """How many samples each split has; splits that are taken by share among them."""
    value_bytes: int = 1
    """Bytes of one number of a sample, as it is kept."""
    in_files: bool = False
    """Whether samples stay in their files where they are too many for memory."""
    stored: tuple[int, ...] | None = None
    """How many samples lie together; None for those of each split. One taken by share is a part of
    the training split, and one that is named twice is there once."""
    kept_shape: Shape | None = None
    """The shape of a sample as it is kept; None for that which the network sees."""
    copied_shape: Shape | None = None
    """Its shape before transforms that make a copy of all samples; None where there are none."""
    inputs: InputFacts = NOTHING_KNOWN
    """What the numbers of a sample mean, where they are not measurements."""
    lengths: tuple[int, ...] = ()
    """Steps that batches come in, where there are several."""

    def taking(self, name: str, share: float) -> DataFacts:
        """Tell the same with a share of the training split as a split of its own."""
        count = round(self.samples["train"] * share)
        samples = {**self.samples, "train": self.samples["train"] - count, name: count}
        return replace(self, samples=samples, stored=self.stores)

    @property
    def stores(self) -> tuple[int, ...]:
        """How many samples lie together."""
        return self.stored if self.stored is not None else tuple(self.samples.values())

    @property
    def bytes_kept(self) -> int:
        """The memory that samples and targets take once they are read."""
        return self._bytes_of(self.kept_shape or self.input_shape)

    @property
    def bytes_read(self) -> int:
        """The memory that they take while they are read, what is let go then included."""
        if self.in_files or self.copied_shape is None:
            return self.bytes_kept
        return self.bytes_kept + self._bytes_of(self.copied_shape)

    def _bytes_of(self, shape: Shape) -> int:
        """Count the bytes of all samples and targets where a sample has this shape."""
        each = self.value_bytes * size_of(shape)
        maps = self.target_form == "labels" and self.target_shape
        target = 2 * size_of(shape[:2]) if maps else 4 * size_of(self.target_shape)
        kept = [
            count * each
            for count in self.stores
            if not (self.in_files and count * each > MEMORY_BUDGET)
        ]
        return sum(kept) + target * sum(self.stores)


@dataclass(frozen=True, eq=False)
class Data:
    """A data set ready for training."""

    splits: dict[str, Samples]
    """By name: `train`, and where there are any `validation`, `test` and others."""
    input_shape: Shape
    class_names: tuple[str, ...] | None
    target_form: TargetForm
    target_shape: Shape
    fingerprint: str
    """SHA-256 over the samples and targets as they are stored."""
    preprocessing: dict[str, Any]
    """What a prediction must do to an image, as plain JSON; `preprocess.Preprocessor` reads it."""
    inputs: InputFacts = NOTHING_KNOWN
    """What the numbers of a sample mean, where they are not measurements."""
    scales: tuple[tuple[float, float], ...] = ()
    """What brings each number of a target into the units of the data: what it is multiplied by, and
    what is then added; empty where it has them."""

    @property
    def lengths(self) -> tuple[int, ...]:
        """Steps that batches come in, where there are several."""
        buckets = next(iter(self.splits.values())).buckets
        return buckets.sizes if buckets is not None else ()

    @property
    def classes(self) -> int | None:
        """How many classes there are, or numbers in a dense target."""
        if self.class_names is not None:
            return len(self.class_names)
        return self.target_shape[-1] if self.target_shape else None
