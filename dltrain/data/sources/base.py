"""What a dataset is: a source of stored samples, and how they are split and prepared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from dltrain.core.component import Component
from dltrain.core.errors import DataError, ShapeError
from dltrain.core.fields import Text
from dltrain.core.inputs import NOTHING_KNOWN
from dltrain.core.shapes import Shape
from dltrain.core.shapes import describe as describe_shape
from dltrain.data.augmentations.base import Augmentation
from dltrain.data.download import is_offline
from dltrain.data.encoders.base import restored
from dltrain.data.fingerprint import fingerprint
from dltrain.data.label_maps import check_stays, is_map
from dltrain.data.parts import Part, Reading, Stored, share_rows, silent, split_name, take_share
from dltrain.data.preprocess import describe_preprocessing, divide
from dltrain.data.samples import Data, DataFacts, Samples, StoredSamples, TargetForm
from dltrain.data.stores import shape_after
from dltrain.data.targets import form_of
from dltrain.data.transforms.base import Transform

PartShare = Annotated[float, Field(strict=True, gt=0, lt=1)]


class Dataset(Component):
    """A source of samples."""

    kind: ClassVar[str] = "dataset"
    package: ClassVar[str] = "dltrain.data.sources"
    splits_itself: ClassVar[bool] = False
    """Whether it takes the share for validation itself."""

    validation: PartShare | Text | None = None
    """Share of the training split to validate on (every class alike, chosen by the seed), or the
    name of a split."""
    transforms: tuple[Transform, ...] = ()
    """Steps that every sample goes through, in training and in prediction."""
    augment: tuple[Augmentation, ...] = ()
    """Random changes of training samples."""

    def read(self, reading: Reading) -> Stored:
        """Read the splits as they are stored."""
        raise NotImplementedError

    def stored_facts(self, seed: int) -> DataFacts | None:
        """Tell what can be known cheaply, before transforms and validation; None if nothing can."""
        return None

    def learning_rows(
        self, targets: NDArray[Any], seed: int, *, in_order: bool = False
    ) -> NDArray[np.int64]:
        """Give the rows of the training split that no share for validation will take."""
        if not isinstance(self.validation, float):
            return np.arange(len(targets), dtype=np.int64)
        rows, _ = share_rows(targets, "validation", self.validation, seed, in_order=in_order)
        return rows

    def describe(self, seed: int = 0) -> DataFacts | None:
        """Tell what can be known without reading all the data.

        Raises: DataError where the data are missing or wrong, ShapeError (its `loc` names the place
        in the config) where a transform or augmentation does not suit the samples.
        """
        with _readable():
            facts = self.stored_facts(seed)
        if facts is None:
            return None
        if self._share is not None and "train" in facts.samples:
            facts = facts.taking("validation", self._share)
        elif isinstance(self.validation, str):
            count = facts.samples[_named(self.validation, facts.samples)]
            samples = {**facts.samples, "validation": count}
            facts = replace(facts, samples=samples, stored=facts.stores)
        source, shape = facts.input_shape, self._shape(facts.input_shape)
        on_pixels, _ = divide(self.transforms)
        return replace(
            facts,
            input_shape=shape,
            target_shape=self._target_shape(facts.target_form, facts.target_shape, source),
            kept_shape=facts.kept_shape or shape_after(on_pixels, source),
            copied_shape=source if on_pixels else None,
        )

    def without_shares(self) -> Self:
        """Give this dataset with no split taken by share: data of another place, whole."""
        shares = {
            name: None
            for name in ("validation", "test")
            if isinstance(getattr(self, name, None), float)
        }
        return self.model_copy(update=shares)

    def load(
        self,
        *,
        seed: int,
        offline: bool | None = None,
        announce: Callable[[str], None] = silent,
        warn: Callable[[str], None] = silent,
        preprocessing: Mapping[str, Any] | None = None,
        class_names: Sequence[str] | None = None,
    ) -> Data:
        """Read the data, take the splits, learn what is `auto`.

        With the `preprocessing` and `class_names` of a trained model, samples are prepared and
        classes counted as they were for it. `offline` forbids downloads; None asks the environment.
        """
        known = tuple(class_names) if class_names is not None else None
        offline = is_offline() if offline is None else offline
        wanted = tuple(preprocessing["source_shape"]) if preprocessing is not None else None
        with _readable():
            encoder = restored(preprocessing or {})
            stored = self.read(Reading(seed, offline, announce, known, wanted, encoder, warn))
        whole = {name: (part.store, part.targets) for name, part in stored.parts.items()}
        transforms = self.transforms
        if preprocessing is not None:
            transforms = tuple(Transform.parse(each) for each in preprocessing["transforms"])
        source = next(iter(stored.parts.values())).store.shape
        self._shape(source)
        train = stored.parts.get("train", next(iter(stored.parts.values()))).targets
        self._target_shape(form_of(train), train.shape[1:], source)
        self._check_source(source, wanted)
        splits, learnt = self._prepared(self._split(stored, seed), transforms)
        first = next(iter(splits.values()))
        return Data(
            splits=splits,
            input_shape=first.shape,
            class_names=stored.class_names,
            target_form=form_of(first.targets),
            target_shape=first.target_shape,
            fingerprint=fingerprint(whole),
            preprocessing=describe_preprocessing(source, learnt, stored.encoder),
            inputs=stored.encoder.inputs if stored.encoder is not None else NOTHING_KNOWN,
            scales=stored.encoder.scales if stored.encoder is not None else (),
        )

    @property
    def _share(self) -> float | None:
        """The share for validation that is taken of the samples here."""
        if self.splits_itself or not isinstance(self.validation, float):
            return None
        return self.validation

    def _shape(self, shape: Shape) -> Shape:
        on_pixels, after = divide(self.transforms)
        shape = _through("transforms", 0, on_pixels, shape)
        for position, augmentation in enumerate(self.augment):
            with _placed("augment", position):
                augmentation.check(shape)
        return _through("transforms", len(on_pixels), after, shape)

    def _target_shape(self, form: TargetForm, target: Shape, source: Shape) -> Shape:
        """Give the shape of a target after the transforms of its image."""
        on_pixels, _ = divide(self.transforms)
        for images in (source, shape_after(on_pixels, source)):
            if is_map(form == "labels", target, images):
                return shape_after(self.transforms, source)[:2]
        for position, transform in enumerate(self.transforms):
            if transform.fixes_size:
                with _placed("transforms", position):
                    check_stays(target, source, transform.type_name)
        for position, augmentation in enumerate(self.augment):
            with _placed("augment", position):
                check_stays(target, source, augmentation.type_name)
        return target

    def _check_source(self, found: Shape, wanted: Shape | None) -> None:
        any_size = any(transform.fixes_size for transform in divide(self.transforms)[0])
        if wanted is None or found == wanted or any_size:
            return
        raise DataError(
            f"the samples have shape {describe_shape(found)}, but the model was trained on "
            f"{describe_shape(wanted)}"
        )

    def _split(self, stored: Stored, seed: int) -> dict[str, Part]:
        parts = stored.parts
        if isinstance(self.validation, str):
            parts = {**parts, "validation": parts[_named(self.validation, parts)]}
        elif self._share is not None and "train" in parts:
            if "validation" in parts:
                raise DataError(
                    "the data have a validation split of their own, and a share is to be taken too",
                    hint="leave `validation` out to use the split that is there",
                )
            parts = take_share(parts, "validation", self._share, seed, in_order=stored.in_order)
        known = [name for name in ("train", "validation", "test") if name in parts]
        return {name: parts[name] for name in [*known, *sorted(set(parts) - set(known))]}

    def _prepared(
        self, parts: dict[str, Part], transforms: tuple[Transform, ...]
    ) -> tuple[dict[str, Samples], tuple[Transform, ...]]:
        on_pixels, after = divide(transforms)
        # Splits that are parts of one store share its prepared copy too.
        stores = {id(part.store): part.store for part in parts.values()}
        prepared = {key: store.prepared(on_pixels) for key, store in stores.items()}
        # A split with a second name is prepared once.
        made = {
            id(part): replace(
                part,
                store=prepared[id(part.store)],
                targets=part.prepared_targets(on_pixels),
            )
            for part in parts.values()
        }
        parts = {name: made[id(part)] for name, part in parts.items()}
        learnt: tuple[Transform, ...] = ()
        train = parts.get("train", next(iter(parts.values())))
        for transform in after:
            seen = StoredSamples(train.store, train.rows, train.targets, learnt)
            learnt = (*learnt, transform.learnt(seen.batches()))
        splits: dict[str, Samples] = {
            name: StoredSamples(
                part.store,
                part.rows,
                part.targets,
                learnt,
                self.augment if name == "train" else (),
                part.buckets,
            )
            for name, part in parts.items()
        }
        return splits, (*on_pixels, *learnt)


def _named(name: str, parts: Mapping[str, Any]) -> str:
    for candidate in (name, split_name(name)):
        if candidate in parts:
            return candidate
    raise DataError(
        f"validation: there is no split called {name!r}; there are {', '.join(parts)}",
        hint="give one of these, or a share between 0 and 1",
    )


def _through(field: str, first: int, transforms: tuple[Transform, ...], shape: Shape) -> Shape:
    for position, transform in enumerate(transforms, first):
        with _placed(field, position):
            shape = transform.output_shape(shape)
    return shape


@contextmanager
def _readable() -> Iterator[None]:
    """Turn what the system says of a file, such as `permission denied`, into DataError."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        place = str(error.filename) if error.filename is not None else None
        raise DataError(f"the data cannot be read: {reason}", at=place) from error


@contextmanager
def _placed(field: str, position: int) -> Iterator[None]:
    try:
        yield
    except ShapeError as error:
        loc: tuple[str | int, ...] = ("dataset", field, position)
        error.loc = (*loc, error.field) if error.field else loc
        raise
