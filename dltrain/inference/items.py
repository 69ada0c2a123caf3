"""What a model is asked about: images, a file each, or the records that files hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.data.encoders.base import Encoder, file_lines, standard_lines
from dltrain.data.preprocess import Preprocessor
from dltrain.inference.sources import STANDARD_INPUT, Input

Sample = NDArray[np.float32] | str
"""What the network sees of one item, or what is wrong with it."""


@dataclass(frozen=True)
class Item:
    """One image or record, or the reason why there is none."""

    path: str
    """The file; with the line where it holds several records."""
    record: Any = None
    """The record; None for an image, which is still in its file."""
    error: str | None = None


def items(preprocessor: Preprocessor, inputs: Iterable[Input]) -> Iterator[Item]:
    """Give the items of files in order; what cannot be read is one with an error."""
    for one in inputs:
        if one.error is not None or preprocessor.encoder is None:
            yield Item(one.path, error=one.error)
        else:
            yield from _records(preprocessor.encoder, one.path)


def samples(preprocessor: Preprocessor, batch: Sequence[Item], readers: Executor) -> list[Sample]:
    """Give the samples of items, or what is wrong with each."""
    if preprocessor.encoder is None:
        return list(readers.map(lambda one: _of_image(preprocessor, one), batch))
    return _of_records(preprocessor, batch)


def records_of(encoder: Encoder, asked: Iterable[Any]) -> list[Any]:
    """Give the records in files; what is no file is a record.

    Raises: DataError, with its place, at the first that is wrong.
    """
    records: list[Any] = []
    for one in asked:
        if (isinstance(one, str) and encoder.takes_text) or not isinstance(one, str | Path):
            records.append(one)
            continue
        for item in _records(encoder, str(one)):
            if item.error is not None:
                raise DataError(item.error, at=item.path)
            records.append(item.record)
    return records


def _records(encoder: Encoder, path: str) -> Iterator[Item]:
    try:
        lines = standard_lines() if path == STANDARD_INPUT else file_lines(path)
        for place, record in encoder.records(lines):
            if isinstance(record, DataError):
                yield Item(place, error=_said(record))
            else:
                yield Item(place, record)
    except DataError as error:
        yield Item(path, error=_said(error))
    except OSError as error:
        yield Item(path, error=f"cannot read this file: {(error.strerror or 'no file').lower()}")


def _of_image(preprocessor: Preprocessor, one: Item) -> Sample:
    if one.error is not None:
        return one.error
    try:
        return preprocessor.from_path(Path(one.path))
    except DataError as error:
        return _said(error)


def _of_records(preprocessor: Preprocessor, batch: Sequence[Item]) -> list[Sample]:
    good = [one.record for one in batch if one.error is None]
    try:
        encoded = iter(preprocessor.from_records(good) if good else ())
    except DataError:
        # One of them is wrong: all are read by themselves to find out which.
        return [_of_record(preprocessor, one) for one in batch]
    return [next(encoded) if one.error is None else one.error for one in batch]


def _of_record(preprocessor: Preprocessor, one: Item) -> Sample:
    if one.error is not None:
        return one.error
    try:
        sample: NDArray[np.float32] = preprocessor.from_records([one.record])[0]
    except DataError as error:
        return _said(error)
    return sample


def _said(error: DataError) -> str:
    return error.message if error.hint is None else f"{error.message}; {error.hint}"
