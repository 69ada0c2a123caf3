"""Pieces of words as tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, ClassVar, Self

from dltrain.core.errors import MissingExtraError
from dltrain.core.fields import PositiveInteger
from dltrain.data.tokenizers.base import Tokenizer

BYTES = 256


class Bpe(Tokenizer):
    """Cut texts by byte-pair encoding: bytes, and pieces of words that occur often together.

    Every text consists of known tokens. Needs the library tokenizers: pip install "dltrain[text]".
    Source: Sennrich, Haddow, Birch 2016, arXiv:1508.07909; over bytes as in GPT-2.
    """

    is_complete: ClassVar[bool] = True

    vocabulary: PositiveInteger = 8000
    """Tokens that are known, at most; the 256 bytes are always among them."""
    model: str | None = None
    """The tokens and how they are put together, as the library's JSON; without it, learnt of the
    training split."""

    def learnt(self, texts: Iterable[str]) -> Self:
        """Put bytes together that stand side by side most often, again and again."""
        if self.model is not None:
            return self
        library = _library()
        made = library.Tokenizer(library.models.BPE())
        made.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder = library.decoders.ByteLevel()
        trainer = library.trainers.BpeTrainer(
            vocab_size=max(self.vocabulary, BYTES),
            initial_alphabet=library.pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        made.train_from_iterator(texts, trainer)
        return self.model_copy(update={"model": made.to_str()})

    @property
    def names(self) -> tuple[str, ...]:
        """The tokens that it knows, in the order of their numbers."""
        if self.model is None:
            return ()
        numbers = self._made.get_vocab()
        return tuple(sorted(numbers, key=numbers.__getitem__))

    def numbers(self, text: str) -> list[int]:
        """Give the number of each token of a text."""
        return list(self._made.encode(text).ids)

    def text(self, numbers: Sequence[int]) -> str:
        """Put the text of tokens together again."""
        return str(self._made.decode(list(numbers)))

    @cached_property
    def _made(self) -> Any:
        return _library().Tokenizer.from_str(self.model)


def _library() -> Any:
    try:
        import tokenizers
    except ImportError as error:
        raise MissingExtraError(
            "byte-pair encoding takes the library tokenizers, which is not installed",
            hint='pip install "dltrain[text]"',
        ) from error
    return tokenizers
