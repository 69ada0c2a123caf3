"""One text, in windows, for language models."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from dltrain.core import fields
from dltrain.core.errors import DataError
from dltrain.data.delimited import decoded
from dltrain.data.encoders.base import file_lines
from dltrain.data.encoders.language import LanguageEncoder
from dltrain.data.label_maps import as_map_type
from dltrain.data.parts import Part, Reading, Stored
from dltrain.data.samples import Data, DataFacts, StoredSamples
from dltrain.data.sources.base import Dataset
from dltrain.data.stores import ArrayStore
from dltrain.data.tokenizers.base import Tokenizer
from dltrain.data.tokenizers.characters import Characters
from dltrain.data.windows import MovedWindows


class Text(Dataset):
    """A text file cut into windows; each token is to be told from those before it in its window.

    The classes are the tokens that occur in the text. A share for validation is its end.
    """

    path: fields.LocalPath
    """The text file."""
    tokens: Tokenizer = Characters()
    """How the text is cut into tokens."""
    length: fields.PositiveInteger = 64
    """Tokens of a window."""
    random_offset: fields.Flag = False
    """Whether the windows of the training part begin elsewhere in each epoch, moved on by a random
    number of tokens; those to validate and test on stay."""
    encoding: fields.Text = "utf-8"
    """How the file writes characters as bytes, such as utf-8 or latin-1."""

    def stored_facts(self, seed: int) -> DataFacts:
        """Read the text and count its tokens."""
        text = self._text()
        encoder = self._learnt(text)
        names, shape = encoder.tokens.names, (self.length,)
        count = self._windows(len(encoder.numbers(text, at=self.path)))
        return DataFacts(
            shape, len(names), names, "labels", shape, {"train": count}, value_bytes=4,
            inputs=encoder.inputs,
        )  # fmt: skip

    def read(self, reading: Reading) -> Stored:
        """Cut the text into windows."""
        text = self._text()
        encoder = reading.encoder
        if not isinstance(encoder, LanguageEncoder):
            encoder = self._learnt(text)
        numbers = encoder.numbers(text, at=self.path)
        count = self._windows(len(numbers))
        shape, end = (count, self.length), count * self.length
        targets = as_map_type(numbers[1 : end + 1].reshape(shape))
        part = Part(ArrayStore(numbers[:end].reshape(shape)), targets)
        return Stored({"train": part}, encoder.tokens.names, encoder, in_order=True)

    def load(self, **options: Any) -> Data:
        """Read the text; windows of the training part move where they are to."""
        data = super().load(**options)
        if not self.random_offset or "train" not in data.splits:
            return data
        train = cast(StoredSamples, data.splits["train"])
        return replace(data, splits={**data.splits, "train": MovedWindows(train)})

    def _text(self) -> str:
        return decoded(file_lines(self.path), self.encoding)

    def _learnt(self, text: str) -> LanguageEncoder:
        """Learn the tokens: of the text before the share to validate on, where that may be."""
        share = self.validation if isinstance(self.validation, float) else 0.0
        end = round(len(text) * (1 - share)) if self.tokens.is_complete else len(text)
        return LanguageEncoder(tokens=self.tokens.learnt([text[:end]]), length=self.length)

    def _windows(self, tokens: int) -> int:
        """Count the windows; each is followed by one more token at least."""
        count = (tokens - 1) // self.length
        if count < 1:
            raise DataError(
                f"the text has {tokens:,} tokens, too few for a window of {self.length} and the "
                "token behind it",
                at=self.path,
                hint="write a smaller `length`, or give more text",
            )
        return count
