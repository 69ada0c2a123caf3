"""Words as tokens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Self

from dltrain.core.fields import Flag, PositiveInteger
from dltrain.data.tokenizers.base import UNKNOWN, Tokenizer, commonest

WORD = re.compile(r"\w+(?:['\u2019]\w+)*|[^\w\s]")
"""A word, inner apostrophes included, or one mark of punctuation; space only parts them."""
WORD_OR_LINE = re.compile(WORD.pattern + r"|\n")


class Words(Tokenizer):
    """Cut texts into words and marks of punctuation."""

    vocabulary: PositiveInteger = 20_000
    """Tokens that are known, at most: the commonest of the training split."""
    lowercase: Flag = True
    """Whether capital letters are taken for small ones."""
    lines: Flag = False
    """Whether a line's end is a token, as verses and dialogues want it."""
    known: tuple[str, ...] = ()
    """The tokens; without any they are learnt of the training split."""

    def learnt(self, texts: Iterable[str]) -> Self:
        """Take the commonest tokens of texts."""
        if self.known:
            return self
        known = commonest(map(self._cut, texts), self.vocabulary)
        return self.model_copy(update={"known": known})

    @property
    def names(self) -> tuple[str, ...]:
        """The tokens that it knows, in the order of their numbers."""
        return self.known

    def numbers(self, text: str) -> list[int]:
        """Give the number of each token of a text."""
        places = self.places
        return [places.get(token, UNKNOWN) for token in self._cut(text)]

    def text(self, numbers: Sequence[int]) -> str:
        """Put words together, with a space between."""
        return " ".join(self.known[number] for number in numbers)

    def _cut(self, text: str) -> list[str]:
        pattern = WORD_OR_LINE if self.lines else WORD
        return pattern.findall(text.lower() if self.lowercase else text)
