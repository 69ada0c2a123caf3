"""Texts with labels, in tables or in lines of a pattern."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator

from dltrain.core import fields
from dltrain.core.errors import DataError
from dltrain.data.absent import absent_file
from dltrain.data.delimited import Column, Grid, Layout, decoded
from dltrain.data.encoders.base import file_lines
from dltrain.data.encoders.text import TextEncoder
from dltrain.data.parts import Reading, Stored
from dltrain.data.samples import DataFacts
from dltrain.data.sources.base import Dataset, PartShare
from dltrain.data.texts import Text, stored_texts, text_facts
from dltrain.data.tokenizers.base import Tokenizer
from dltrain.data.tokenizers.words import Words


def _pattern(text: str) -> str:
    try:
        groups = re.compile(text).groupindex
    except re.error as error:
        raise ValueError(f"this is no regular expression: {error}") from error
    if not groups:
        raise ValueError("no group has a name, as in (?P<label>...) and (?P<text>...)")
    return text


Pattern = Annotated[fields.Text, AfterValidator(_pattern)]


class TextCsv(Dataset):
    """Texts and their labels in columns of CSV or TSV files, or in lines of a pattern.

    Samples are the numbers of a text's tokens, padded with 0 behind; 1 is a token that the training
    split does not have. What is learnt - tokens, the longest text - is learnt of that split alone.
    """

    path: fields.LocalPath
    """The file to train on."""
    validation_path: fields.LocalPath | None = None
    """The file to validate on."""
    test_path: fields.LocalPath | None = None
    """The file to test on."""
    text: Column = "text"
    """Column of the text: its name, or its number from 0."""
    label: Column = "label"
    """Column of the label."""
    header: fields.Flag = True
    """Whether the first line names the columns."""
    delimiter: fields.Text | None = None
    """What stands between columns; default: a tab in .tsv files, else a comma."""
    pattern: Pattern | None = None
    """Regular expression of a whole line, in place of a delimiter: its named groups are columns."""
    encoding: fields.Text = "utf-8"
    """How the files write characters as bytes, such as utf-8 or latin-1."""
    tokens: Tokenizer = Words()
    """How a text is cut into tokens."""
    length: fields.PositiveInteger | Literal["auto"] = "auto"
    """Tokens of a sample, longer texts are cut; `auto`: those of the training split's longest."""
    buckets: fields.PositiveInteger = 1
    """How many lengths batches have: with more than one, texts of about one length are put together
    and padded to the next of these lengths alone. The layers must know what is padding."""
    unknown: Literal["token", "error"] = "token"
    """Whether a token that is not known is token 1, or an error."""
    test: PartShare | None = None
    """Share to test on, every class alike, chosen by the seed, where there is no `test_path`."""

    def stored_facts(self, seed: int) -> DataFacts:
        """Read the files and cut the texts."""
        return text_facts(self, self._splits(), seed)

    def read(self, reading: Reading) -> Stored:
        """Read the files and make samples of the texts."""
        return stored_texts(self, self._splits(), reading)

    def encoder(self, tokens: Tokenizer, length: int, sizes: tuple[int, ...]) -> TextEncoder:
        """Give what makes samples of texts, with what tables look like."""
        return TextEncoder(
            tokens=tokens, length=length, buckets=sizes, unknown=self.unknown,
            column=None if self.pattern is not None else self.text,
            header=self.header, delimiter=self.delimiter, encoding=self.encoding,
        )  # fmt: skip

    def _splits(self) -> dict[str, list[Text]]:
        files = {"train": self.path, "validation": self.validation_path, "test": self.test_path}
        return {split: self._texts(Path(path)) for split, path in files.items() if path is not None}

    def _texts(self, path: Path) -> list[Text]:
        if path.is_dir():
            hint = "`type: text_folder` takes class folders of texts"
            raise DataError("this is a folder, not a file", at=str(path), hint=hint)
        if not path.is_file():
            raise absent_file(path)
        grid = self._grid(path)
        pairs = zip(grid.values(self.text), grid.values(self.label), strict=True)
        texts = [Text(text, label, grid.at(row)) for row, (text, label) in enumerate(pairs)]
        for text in texts:
            if not text.text.strip() or not text.label:
                missing = "label" if text.text.strip() else "text"
                raise DataError(f"the {missing} is empty", at=text.place, hint="leave the row out")
        return texts

    def _grid(self, path: Path) -> Grid:
        if self.pattern is None:
            return Layout(self.header, self.delimiter, self.encoding).read(file_lines(path))
        pattern = re.compile(self.pattern)
        rows: list[list[str]] = []
        places: list[int] = []
        for number, line in enumerate(decoded(file_lines(path), self.encoding).splitlines(), 1):
            if not line.strip():
                continue
            match = pattern.fullmatch(line.strip())
            if match is None:
                message = f"the line {line[:40]!r} is not of the pattern"
                raise DataError(message, at=f"{path}:{number}", hint="correct `dataset.pattern`")
            rows.append([match[name] or "" for name in pattern.groupindex])
            places.append(number)
        if not rows:
            raise DataError("the file is empty: it has no lines", at=str(path))
        return Grid(str(path), tuple(pattern.groupindex), rows, places)
