"""One long text as token numbers, for language models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.core.inputs import InputFacts
from dltrain.core.shapes import Shape
from dltrain.data.encoders.base import Encoder, Lines
from dltrain.data.tokenizers.base import UNKNOWN, Tokenizer


class LanguageEncoder(Encoder):
    """Numbers of a text's tokens, which are the classes too."""

    tokens: Tokenizer
    """How the text is cut, and the tokens that are known."""
    length: int
    """Tokens of a window."""

    @property
    def shape(self) -> Shape:
        """One number for each token of a window."""
        return (self.length,)

    @property
    def inputs(self) -> InputFacts:
        """Tell how many tokens there are."""
        return InputFacts(tokens=len(self.tokens.names))

    def records(self, lines: Lines) -> Iterator[tuple[str, Any | DataError]]:
        """Say that nothing is asked about single texts."""
        raise DataError("a language model goes on from a text", hint="use `dltrain generate`")

    def encode(self, records: Sequence[Any]) -> NDArray[np.float32]:
        """Say that nothing is asked about single texts."""
        raise DataError("a language model goes on from a text", hint="use `dltrain generate`")

    def numbers(self, text: str, *, at: str | None = None) -> NDArray[np.int32]:
        """Give the numbers of all tokens of a text.

        Raises: DataError where one of them is not known.
        """
        numbers = np.array(self.tokens.numbers(text), np.int32)
        unknown = np.flatnonzero(numbers == UNKNOWN)
        if len(unknown):
            known = len(self.tokens.names)
            which = f"token {int(unknown[0]) + 1:,} of the text is"
            if len(numbers) == len(text):
                which = f"the token {text[int(unknown[0])]!r} is"
            raise DataError(
                f"{which} not among the {known:,} that are known",
                at=at,
                hint="leave it out; a larger `vocabulary` knows more, and `tokens: bpe` all",
            )
        return numbers
