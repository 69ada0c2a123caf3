"""What an encoder is: how records, such as lines of text, become samples, as a data set learnt it.

It is learnt of the training split alone, kept in the checkpoint as plain JSON, and does the same to
records that a model is asked about later.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from dltrain.core.component import Component
from dltrain.core.errors import DataError
from dltrain.core.inputs import NOTHING_KNOWN, InputFacts
from dltrain.core.shapes import Shape


class Lines(Protocol):
    """Where records are read from: a file, or standard input."""

    @property
    def name(self) -> str:
        """What messages call it."""

    def read(self) -> bytes:
        """Give all of it."""


class Encoder(Component):
    """How records become samples, with what was learnt of the training split."""

    takes_text: ClassVar[bool] = False
    """Whether a record is a text, so that a plain text is one and no file's name."""

    @property
    def shape(self) -> Shape:
        """The shape of one sample."""
        raise NotImplementedError

    @property
    def inputs(self) -> InputFacts:
        """What the numbers of a sample mean."""
        return NOTHING_KNOWN

    @property
    def outputs(self) -> tuple[str, ...] | None:
        """The names of the numbers that are told, None where classes are."""
        return None

    @property
    def several(self) -> bool:
        """Tell whether several classes may be true of a record at once."""
        return False

    @property
    def scales(self) -> tuple[tuple[float, float], ...]:
        """Give what each number that is told is multiplied by, and what is then added."""
        return ()

    def records(self, lines: Lines) -> Iterator[tuple[str, Any | DataError]]:
        """Give each record that is to be told about, with its place; what is wrong is one too."""
        raise NotImplementedError

    def encode(self, records: Sequence[Any]) -> NDArray[np.float32]:
        """Give the samples of records [n, ...]; raise DataError where one is no record."""
        raise NotImplementedError

    def decode(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give what a network tells in the units of the data."""
        return outputs

    def as_json(self) -> dict[str, Any]:
        """Give the form that `restored` reads."""
        return {"type": self.type_name, **self.dump()}


def restored(preprocessing: Mapping[str, Any]) -> Encoder | None:
    """Give the encoder of a checkpoint's preprocessing, where there is one.

    Raises: DataError where this version of dltrain does not know it.
    """
    plain = preprocessing.get("encoder")
    if plain is None:
        return None
    package = import_module("dltrain.data.encoders")
    for module in iter_modules(package.__path__):
        import_module(f"dltrain.data.encoders.{module.name}")
    fields = dict(plain)
    name = fields.pop("type", None)
    for kind in Encoder.__subclasses__():
        if kind.type_name == name:
            return kind.model_validate(fields)
    raise DataError(f"this version of dltrain does not know the encoder {name!r}")


def file_lines(path: str | Path) -> Lines:
    """Read records from a file."""
    return _File(Path(path))


def standard_lines() -> Lines:
    """Read records from standard input."""
    return _StandardInput()


class _StandardInput:
    name = "-"

    def read(self) -> bytes:
        return sys.stdin.buffer.read()


class _File:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = str(path)

    def read(self) -> bytes:
        return self._path.read_bytes()
