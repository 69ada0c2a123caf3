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
from dltrain.inference.model import Model
from dltrain.inference.sources import Input


@dataclass(frozen=True)
class Candidate:
    """A class, and how probable the network finds it."""

    label: str
    probability: float


@dataclass(frozen=True)
class Record:
    """What became of one input."""

    path: str
    top: tuple[Candidate, ...] = ()
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the form of `predict --format json`."""
        first = self.top[0] if self.top else None
        return {
            "path": self.path,
            "label": first.label if first else None,
            "probability": first.probability if first else None,
            "top": [{"label": one.label, "probability": one.probability} for one in self.top],
            "error": self.error,
        }


def predict(model: Model, inputs: Iterable[Input], *, top_k: int = 3) -> Iterator[Record]:
    """Label every input; an error is a record too."""
    with ThreadPoolExecutor(max_workers=model.network.threads) as readers:
        rest = iter(inputs)
        while batch := tuple(islice(rest, model.batch_size)):
            read = list(readers.map(lambda one: _read(model, one), batch))
            yield from _labelled(model, batch, read, top_k)


def _read(model: Model, one: Input) -> NDArray[np.float32] | str:
    """Give the network's input, or what is wrong with the file."""
    if one.error is not None:
        return one.error
    try:
        return model.preprocessor.from_path(Path(one.path))
    except DataError as error:
        return error.message if error.hint is None else f"{error.message}; {error.hint}"


def _labelled(
    model: Model, inputs: Sequence[Input], read: list[NDArray[np.float32] | str], top_k: int
) -> Iterator[Record]:
    images = [sample for sample in read if not isinstance(sample, str)]
    outputs = iter(model.predictor(np.stack(images)) if images else ())
    for one, sample in zip(inputs, read, strict=True):
        if isinstance(sample, str):
            yield Record(one.path, error=sample)
        else:
            yield _record(one.path, next(outputs), model.class_names, top_k)


def _record(
    path: str, output: NDArray[np.float32], names: tuple[str, ...] | None, top_k: int
) -> Record:
    if not np.isfinite(output).all():
        return Record(path, error="the network's output is not finite")
    values = output.reshape(-1)
    if names is not None and values.size == 1 and len(names) == 2:
        # One sigmoid unit gives the probability of the second class.
        values = np.array([1 - values[0], values[0]])
    labels = names if names is not None and len(names) == values.size else range(values.size)
    order = np.argsort(-values, kind="stable")[:top_k]
    found = (Candidate(str(labels[index]), float(values[index])) for index in order)
    return Record(path, top=tuple(found))
