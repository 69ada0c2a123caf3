"""Characters as tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

from dltrain.core.fields import Flag
from dltrain.data.tokenizers.base import UNKNOWN, Tokenizer


class Characters(Tokenizer):
    """Take each character of a text for itself."""

    lowercase: Flag = False
    """Whether capital letters are taken for small ones."""
    known: tuple[str, ...] = ()
    """The characters; without any they are learnt of the training split."""

    def learnt(self, texts: Iterable[str]) -> Self:
        """Take all characters of texts, in their own order."""
        if self.known:
            return self
        found = set[str]().union(*map(self._cut, texts))
        return self.model_copy(update={"known": tuple(sorted(found))})

    @property
    def names(self) -> tuple[str, ...]:
        """The characters that it knows, in the order of their numbers."""
        return self.known

    def numbers(self, text: str) -> list[int]:
        """Give the number of each character of a text."""
        places = self.places
        return [places.get(token, UNKNOWN) for token in self._cut(text)]

    def text(self, numbers: Sequence[int]) -> str:
        """Put characters together again."""
        return "".join(self.known[number] for number in numbers)

    def _cut(self, text: str) -> str:
        return text.lower() if self.lowercase else text
