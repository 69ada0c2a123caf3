"""What a model tells of images and of records in files: one for each, in order, readable or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.shapes import Shape, describe
from dltrain.data.encoders.pairs import PairEncoder
from dltrain.inference.complete import complete
from dltrain.inference.items import Item, Sample, items, samples
from dltrain.inference.masks import MaskWriter
from dltrain.inference.model import Model
from dltrain.inference.sources import Input

_NOT_FINITE = "the network's output is not finite"
_NO_CLASSES = (
    "the network's output of shape {} is no answer about classes; use dltrain.load(...).predict"
)


@dataclass(frozen=True)
class Candidate:
    """A class, and how probable the network finds it; of pixels, on the average."""

    label: str
    probability: float
    share: float | None = None
    """The share of pixels that it is found at."""

    def as_json(self) -> dict[str, Any]:
        """Give the form of an entry of `top`."""
        found = {"label": self.label, "probability": self.probability}
        return found if self.share is None else {**found, "share": self.share}


@dataclass(frozen=True)
class Map:
    """What is known of a network's answers for the pixels of one input."""

    shape: Shape
    mask: str | None = None
    """The file that holds the class of each."""


@dataclass(frozen=True)
class Record:
    """What became of one input."""

    path: str
    top: tuple[Candidate, ...] = ()
    error: str | None = None
    map: Map | None = None
    values: dict[str, float] | None = None
    """Numbers by name, in the units of the data, where the network tells these and no classes;
    none with an error."""
    labels: tuple[str, ...] | None = None
    """Those that are likelier than not, where several may be true at once."""
    text: str | None = None
    """What the network makes of a text, where it was trained on pairs."""

    def as_json(self) -> dict[str, Any]:
        """Give the form of `predict --format json`."""
        first = self.top[0] if self.top else None
        known = {} if self.map is None else {"shape": list(self.map.shape), "mask": self.map.mask}
        return {
            "path": self.path,
            "label": first.label if first else None,
            "probability": first.probability if first else None,
            "top": [one.as_json() for one in self.top],
            **known,
            **({} if self.values is None else {"values": self.values or None}),
            **({} if self.labels is None else {"labels": list(self.labels)}),
            **({} if self.text is None else {"text": self.text}),
            "error": self.error,
        }


def predict(
    model: Model, inputs: Iterable[Input], *, top_k: int = 3, masks: Path | None = None
) -> Iterator[Record]:
    """Tell about every image, or every record in a file; an error is a record too.

    Where the network answers for each pixel, a record says how much of the input each class takes,
    and `masks` is a folder for the maps of classes. Where it tells numbers, a record has `values`,
    and where it makes another text, `text`.
    """
    writer = MaskWriter(masks, model.network.output_shape) if masks is not None else None
    with ThreadPoolExecutor(max_workers=model.network.threads) as readers:
        rest = items(model.preprocessor, inputs)
        while batch := tuple(islice(rest, model.batch_size)):
            read = samples(model.preprocessor, batch, readers)
            yield from _told(model, batch, read, top_k, writer)


def _told(
    model: Model,
    batch: Sequence[Item],
    read: Sequence[Sample],
    top_k: int,
    writer: MaskWriter | None,
) -> Iterator[Record]:
    encoder = model.preprocessor.encoder
    names = encoder.outputs if encoder is not None else None
    good = [sample for sample in read if not isinstance(sample, str)]
    if isinstance(encoder, PairEncoder):
        yield from _texts(model, encoder, batch, read, good)
        return
    outputs = iter(model.decoded(model.predictor(np.stack(good))) if good else ())
    for one, sample in zip(batch, read, strict=True):
        if isinstance(sample, str):
            yield Record(one.path, error=sample, values=None if names is None else {})
        elif names is not None:
            yield _value_record(one.path, next(outputs), names)
        else:
            output: NDArray[np.float32] = next(outputs)
            record = _record(one.path, output, model.class_names, top_k, writer)
            several = encoder is not None and encoder.several and record.error is None
            yield _with_labels(record, output, model.class_names or ()) if several else record


def _with_labels(record: Record, output: NDArray[np.float32], names: Sequence[str]) -> Record:
    """Add which of the labels are likelier than not."""
    labels = (name for name, found in zip(names, output, strict=True) if found > 0.5)
    return replace(record, labels=tuple(labels))


def _texts(
    model: Model,
    encoder: PairEncoder,
    batch: Sequence[Item],
    read: Sequence[Sample],
    good: Sequence[NDArray[np.float32]],
) -> Iterator[Record]:
    told = iter(complete(encoder, model.predictor, np.stack(good)) if good else ())
    for one, sample in zip(batch, read, strict=True):
        if isinstance(sample, str):
            yield Record(one.path, error=sample)
        else:
            yield Record(one.path, text=encoder.text(next(told).tolist()))


def _value_record(path: str, output: NDArray[np.float32], names: Sequence[str]) -> Record:
    if not np.isfinite(output).all():
        return Record(path, error=_NOT_FINITE, values={})
    return Record(path, values=dict(zip(names, map(float, output.reshape(-1)), strict=True)))


def _record(
    path: str,
    output: NDArray[np.float32],
    names: tuple[str, ...] | None,
    top_k: int,
    writer: MaskWriter | None,
) -> Record:
    if not np.isfinite(output).all():
        return Record(path, error=_NOT_FINITE)
    if names is not None and output.shape[-1] == 1 and len(names) == 2:
        # One sigmoid unit gives the probability of the second class.
        output = np.concatenate([1 - output, output], axis=-1)
    if output.ndim > 1 and names is None:
        return Record(path, error=_NO_CLASSES.format(describe(output.shape)))
    classes = output.shape[-1]
    if names is None or len(names) != classes:
        names = tuple(map(str, range(classes)))
    if output.ndim > 1:
        return _map_record(path, output, names, top_k, writer)
    order = np.argsort(-output, kind="stable")[:top_k]
    return Record(path, tuple(Candidate(names[index], float(output[index])) for index in order))


def _map_record(
    path: str,
    output: NDArray[np.float32],
    labels: tuple[str, ...],
    top_k: int,
    writer: MaskWriter | None,
) -> Record:
    found = output.argmax(axis=-1)
    shares = np.bincount(found.reshape(-1), minlength=len(labels)) / found.size
    means = output.reshape(-1, len(labels)).mean(axis=0, dtype=np.float64)
    order = np.argsort(-shares, kind="stable")[:top_k]
    top = (Candidate(labels[i], float(means[i]), float(shares[i])) for i in order)
    mask = writer.write(path, found) if writer is not None else None
    return Record(path, tuple(top), map=Map(found.shape, mask))
