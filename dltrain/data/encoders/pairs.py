"""Texts and what becomes of them, another text, as one sequence of token numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, takewhile
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.core.inputs import InputFacts
from dltrain.core.labels import VOID
from dltrain.core.shapes import Shape
from dltrain.data.delimited import Column
from dltrain.data.encoders.base import Encoder, Lines
from dltrain.data.encoders.text import FIRST, OTHER
from dltrain.data.text_records import text_records
from dltrain.data.tokenizers.base import UNKNOWN, Tokenizer

START, END = 2, 3
"""What a target begins behind, and ends with."""
SPECIAL = ("<padding>", "<unknown>", "<start>", "<end>")
"""The first classes; those of the target's tokens follow."""


class PairEncoder(Encoder):
    """The source's tokens, padded, and behind them the target's so far: its start.

    Of the source 0 is padding, 1 a token that is not known; of the target 2 is its start, and 3
    its end.
    """

    takes_text: ClassVar[bool] = True

    source: Tokenizer
    """How sources are cut, and the tokens that are known."""
    target: Tokenizer
    """How targets are cut, and the tokens that are known."""
    source_length: int
    """Tokens of a source: longer ones are cut there."""
    target_length: int
    """Tokens of a target, its end among them: longer ones are cut there."""
    column: Column | None = None
    """Where the source stands in tables."""
    header: bool = True
    """Whether tables name their columns."""
    delimiter: str | None = None
    """What stands between columns."""
    encoding: str = "utf-8"
    """How characters are written as bytes."""

    @property
    def shape(self) -> Shape:
        """One number for each token of both."""
        return (self.source_length + self.target_length,)

    @property
    def inputs(self) -> InputFacts:
        """Tell how many tokens the source has, padding and the unknown too, and its steps."""
        return InputFacts(tokens=FIRST + len(self.source.names), source=self.source_length)

    @property
    def classes(self) -> tuple[str, ...]:
        """Name what may follow in a target."""
        return (*SPECIAL, *self.target.names)

    def records(self, lines: Lines) -> Iterator[tuple[str, Any | DataError]]:
        """Give the source of each row of a table, or of each line that is not empty."""
        yield from text_records(self, lines)

    def encode(self, records: Sequence[Any]) -> NDArray[np.float32]:
        """Give the numbers of sources, and the start of their targets.

        Raises: DataError where one is no text, or empty.
        """
        samples = np.zeros((len(records), *self.shape), np.float32)
        for sample, record in zip(samples, records, strict=True):
            numbers = _numbers(self.source, record, FIRST)[: self.source_length]
            sample[: len(numbers)] = numbers
        samples[:, self.source_length] = START
        return samples

    def pairs(
        self, sources: Sequence[str], targets: Sequence[str]
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Give samples with their whole targets, and the token that follows each of these."""
        samples = self.encode(sources)
        labels = np.full((len(targets), self.target_length), VOID, np.int32)
        for sample, label, target in zip(samples, labels, targets, strict=True):
            numbers = _numbers(self.target, target, len(SPECIAL))[: self.target_length - 1]
            begin = self.source_length + 1
            sample[begin : begin + len(numbers)] = numbers
            label[: len(numbers)], label[len(numbers)] = numbers, END
        return samples, labels

    def text(self, numbers: Sequence[int], *, unknown: str = SPECIAL[OTHER]) -> str:
        """Give the text of a target's tokens up to its end, `unknown` for runs not known."""
        until = list(takewhile(lambda number: number != END, numbers))
        parts = []
        for other, run in groupby(until, key=lambda number: number == OTHER):
            known = [number - len(SPECIAL) for number in run if number >= len(SPECIAL)]
            parts += [unknown] if other else [self.target.text(known)] if known else []
        return " ".join(parts)


def _numbers(tokens: Tokenizer, text: Any, first: int) -> NDArray[np.int64]:
    if not isinstance(text, str):
        raise DataError(f"a text is wanted, not {type(text).__name__}")
    numbers = np.array(tokens.numbers(text), np.int64)
    if not len(numbers):
        raise DataError("the text is empty", hint="leave it out")
    return np.where(numbers == UNKNOWN, OTHER, numbers + first)
