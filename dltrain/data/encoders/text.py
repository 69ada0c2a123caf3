"""Texts as sequences of token numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.core.inputs import InputFacts
from dltrain.core.shapes import Shape
from dltrain.data.delimited import Column, decoded
from dltrain.data.encoders.base import Encoder, Lines
from dltrain.data.text_records import text_records
from dltrain.data.tokenizers.base import UNKNOWN, Tokenizer

PADDING, OTHER = 0, 1
"""What stands behind a short text, and for a token that is not known."""
FIRST = 2
"""The first token that is known."""


class TextEncoder(Encoder):
    """Numbers of a text's first tokens: 0 is padding, 1 a token that is not known."""

    takes_text: ClassVar[bool] = True

    tokens: Tokenizer
    """How texts are cut, and the tokens that are known."""
    length: int
    """Tokens of a sample: longer texts are cut there, shorter ones padded behind."""
    unknown: Literal["token", "error"] = "token"
    """What becomes of a token that is not known."""
    buckets: tuple[int, ...] = ()
    """Tokens of the samples of a batch, ascending; without any all of `length`."""
    whole: bool = False
    """Whether a file .txt is one text, as in folders of classes, not one in each line."""
    column: Column | None = None
    """Where the text stands in tables; None where data are plain text."""
    header: bool = True
    """Whether tables name their columns."""
    delimiter: str | None = None
    """What stands between columns."""
    encoding: str = "utf-8"
    """How characters are written as bytes."""

    @property
    def shape(self) -> Shape:
        """One number for each token."""
        return (self.length,)

    @property
    def inputs(self) -> InputFacts:
        """Tell how many tokens there are, padding and the unknown among them."""
        return InputFacts(tokens=FIRST + len(self.tokens.names))

    def records(self, lines: Lines) -> Iterator[tuple[str, Any | DataError]]:
        """Give the text of each row of a table, of each line that is not empty, or of the file."""
        if self.whole and Path(lines.name).suffix.lower() == ".txt":
            yield lines.name, decoded(lines, self.encoding)
        else:
            yield from text_records(self, lines)

    def encode(self, records: Sequence[Any]) -> NDArray[np.float32]:
        """Give the numbers of each text's tokens.

        Raises: DataError where one is no text, or empty, or has a token that it must not have.
        """
        samples = np.zeros((len(records), self.length), np.float32)
        for sample, record in zip(samples, records, strict=True):
            numbers = self._numbers(record)[: self.length]
            sample[: len(numbers)] = numbers
        return samples

    def _numbers(self, text: Any) -> NDArray[np.int64]:
        if not isinstance(text, str):
            raise DataError(f"a text is wanted, not {type(text).__name__}")
        numbers = np.array(self.tokens.numbers(text), np.int64)
        if not len(numbers):
            raise DataError("the text is empty", hint="leave it out")
        if self.unknown == "error" and (numbers == UNKNOWN).any():
            raise DataError(
                f"a token of the text {text[:40]!r} is not known",
                hint="`unknown: token` takes such tokens for one that stands for all of them",
            )
        return np.where(numbers == UNKNOWN, OTHER, numbers + FIRST)
