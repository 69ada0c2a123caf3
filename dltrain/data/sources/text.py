"""One text, in windows, for language models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from dltrain.core import fields
from dltrain.core.errors import DataError
from dltrain.data.label_maps import as_map_type
from dltrain.data.parts import Part, Reading, Stored
from dltrain.data.samples import Data, DataFacts, StoredSamples
from dltrain.data.sources.base import Dataset
from dltrain.data.stores import ArrayStore
from dltrain.data.tokens import TOKENS
from dltrain.data.windows import MovedWindows


class Text(Dataset):
    """A text file cut into windows; each token is to be told from those before it in its window.

    The classes are the tokens that occur in the text. A share for validation is its end.
    """

    path: fields.LocalPath
    """The text file."""
    tokens: Literal["characters", "words"] = "characters"
    """What a token is: a character, or a word, a mark of punctuation or a line's end."""
    length: fields.PositiveInteger = 64
    """Tokens of a window."""
    random_offset: fields.Flag = False
    """Whether the windows of the training part begin elsewhere in each epoch, moved on by a random
    number of tokens; those to validate and test on stay."""
    encoding: fields.Text = "utf-8"
    """How the file writes characters as bytes, such as utf-8 or latin-1."""

    def stored_facts(self, seed: int) -> DataFacts:
        """Read the text and count its tokens."""
        tokens = self._tokens()
        names = tuple(sorted(set(tokens)))
        count = self._windows(len(tokens))
        shape = (self.length,)
        return DataFacts(shape, len(names), names, "labels", shape, {"train": count}, value_bytes=4)

    def read(self, reading: Reading) -> Stored:
        """Cut the text into windows."""
        tokens = self._tokens()
        names = reading.class_names or tuple(sorted(set(tokens)))
        numbers = self._numbers(tokens, names)
        count = self._windows(len(numbers))
        shape, end = (count, self.length), count * self.length
        targets = as_map_type(numbers[1 : end + 1].reshape(shape))
        store = ArrayStore(numbers[:end].reshape(shape))
        return Stored({"train": Part(store, targets)}, names, in_order=True)

    def load(self, **options: Any) -> Data:
        """Read the text; windows of the training part move where they are to."""
        data = super().load(**options)
        if not self.random_offset or "train" not in data.splits:
            return data
        train = cast(StoredSamples, data.splits["train"])
        return replace(data, splits={**data.splits, "train": MovedWindows(train)})

    def _tokens(self) -> Sequence[str]:
        try:
            text = Path(self.path).read_bytes().decode(self.encoding)
        except (LookupError, UnicodeDecodeError) as error:
            raise DataError(
                f"the text is not {self.encoding}: {error}",
                at=self.path,
                hint="name the file's `encoding`, such as latin-1",
            ) from error
        return TOKENS[self.tokens](text)

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

    def _numbers(self, tokens: Sequence[str], names: Sequence[str]) -> NDArray[np.int32]:
        places = {token: number for number, token in enumerate(names)}
        try:
            return np.array([places[token] for token in tokens], np.int32)
        except KeyError as error:
            raise DataError(
                f"the token {error.args[0]!r} is not among the {len(names)} of the model",
                at=self.path,
                hint="leave out what the model was not trained on",
            ) from error
