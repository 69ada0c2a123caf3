"""What a tokenizer is: how a text is cut into tokens, and which of them are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import ClassVar, Self

from dltrain.core.component import Component

UNKNOWN = -1
"""The number of a token that is not known."""


class Tokenizer(Component):
    """How texts are cut into tokens; those that are known have numbers from 0 on."""

    kind: ClassVar[str] = "tokenizer"
    package: ClassVar[str] = "dltrain.data.tokenizers"

    is_complete: ClassVar[bool] = False
    """Whether every text consists of tokens that it knows, whatever it was learnt of."""

    def learnt(self, texts: Iterable[str]) -> Self:
        """Give this tokenizer with the tokens of texts for those that it knows."""
        raise NotImplementedError

    @property
    def names(self) -> tuple[str, ...]:
        """The tokens that it knows, in the order of their numbers."""
        raise NotImplementedError

    def numbers(self, text: str) -> list[int]:
        """Give the number of each token of a text; UNKNOWN for one that is not known."""
        raise NotImplementedError

    def text(self, numbers: Sequence[int]) -> str:
        """Put the text of tokens together again."""
        raise NotImplementedError

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The number of each token that it knows."""
        return {token: number for number, token in enumerate(self.names)}


def commonest(tokens: Iterable[Sequence[str]], most: int | None) -> tuple[str, ...]:
    """Give the tokens of texts, the commonest first and equally common ones by the alphabet."""
    counts: Counter[str] = Counter()
    for each in tokens:
        counts.update(each)
    ordered = sorted(counts, key=lambda token: (-counts[token], token))
    return tuple(ordered[:most])
