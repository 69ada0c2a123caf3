"""Labels for image files: one record for each, in order, readable or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.core.shapes import Shape, describe
from dltrain.inference.masks import MaskWriter
from dltrain.inference.model import Model
from dltrain.inference.sources import Input

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
            "error": self.error,
        }


def predict(
    model: Model, inputs: Iterable[Input], *, top_k: int = 3, masks: Path | None = None
) -> Iterator[Record]:
    """Label every input; an error is a record too.

    Where the network answers for each pixel, a record says how much of the input each class takes,
    and `masks` is a folder for the maps of classes.
    """
    writer = MaskWriter(masks, model.network.output_shape) if masks is not None else None
    with ThreadPoolExecutor(max_workers=model.network.threads) as readers:
        rest = iter(inputs)
        while batch := tuple(islice(rest, model.batch_size)):
            read = list(readers.map(lambda one: _read(model, one), batch))
            yield from _labelled(model, batch, read, top_k, writer)


def _read(model: Model, one: Input) -> NDArray[np.float32] | str:
    """Give the network's input, or what is wrong with the file."""
    if one.error is not None:
        return one.error
    try:
        return model.preprocessor.from_path(Path(one.path))
    except DataError as error:
        return error.message if error.hint is None else f"{error.message}; {error.hint}"


def _labelled(
    model: Model,
    inputs: Sequence[Input],
    read: list[NDArray[np.float32] | str],
    top_k: int,
    writer: MaskWriter | None,
) -> Iterator[Record]:
    images = [sample for sample in read if not isinstance(sample, str)]
    outputs = iter(model.predictor(np.stack(images)) if images else ())
    for one, sample in zip(inputs, read, strict=True):
        if isinstance(sample, str):
            yield Record(one.path, error=sample)
        else:
            yield _record(one.path, next(outputs), model.class_names, top_k, writer)


def _record(
    path: str,
    output: NDArray[np.float32],
    names: tuple[str, ...] | None,
    top_k: int,
    writer: MaskWriter | None,
) -> Record:
    if not np.isfinite(output).all():
        return Record(path, error="the network's output is not finite")
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
