"""Texts, each with the text that is to be made of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dltrain.core import fields
from dltrain.core.errors import DataError
from dltrain.data.absent import absent_file
from dltrain.data.delimited import Column, Layout
from dltrain.data.encoders.base import file_lines
from dltrain.data.encoders.pairs import PairEncoder
from dltrain.data.label_maps import as_map_type
from dltrain.data.parts import Part, Reading, Stored, share_rows, take_share
from dltrain.data.samples import DataFacts
from dltrain.data.sources.base import Dataset, PartShare
from dltrain.data.stores import ArrayStore
from dltrain.data.texts import Text
from dltrain.data.tokenizers.base import Tokenizer
from dltrain.data.tokenizers.words import Words


class TextPairs(Dataset):
    """Two texts in each row of CSV or TSV files, such as sentences of two languages.

    A sample is one sequence for the model `seq2seq`: the source's tokens, then the target's, each
    of which is to be told from those before it. The classes are what a target consists of.
    """

    path: fields.LocalPath
    """The file to train on."""
    validation_path: fields.LocalPath | None = None
    """The file to validate on."""
    test_path: fields.LocalPath | None = None
    """The file to test on."""
    source: Column = "source"
    """Column of the text that is given: its name, or its number from 0."""
    target: Column = "target"
    """Column of the text that is to be told."""
    header: fields.Flag = True
    """Whether the first line names the columns."""
    delimiter: fields.Text | None = None
    """What stands between columns; default: a tab in .tsv files, else a comma."""
    encoding: fields.Text = "utf-8"
    """How the files write characters as bytes, such as utf-8 or latin-1."""
    source_tokens: Tokenizer = Words()
    """How the source is cut into tokens."""
    target_tokens: Tokenizer = Words()
    """How the target is cut into tokens."""
    source_length: fields.PositiveInteger = 32
    """Tokens of a source: longer ones are cut. Where a model has a `source_length`, it is this."""
    target_length: fields.PositiveInteger = 32
    """Tokens of a target, its end among them: longer ones are cut."""
    test: PartShare | None = None
    """Share to test on, chosen by the seed, where there is no `test_path`."""

    def stored_facts(self, seed: int) -> DataFacts:
        """Read the files and cut the texts."""
        splits = self._splits()
        encoder = self._learnt(splits, seed)
        counts = {split: len(rows) for split, rows in splits.items()}
        names, shape = encoder.classes, (self.target_length,)
        facts = DataFacts(
            encoder.shape, len(names), names, "labels", shape, counts, value_bytes=4,
            inputs=encoder.inputs,
        )  # fmt: skip
        if self.test is not None and "test" not in counts:
            return facts.taking("test", self.test)
        return facts

    def read(self, reading: Reading) -> Stored:
        """Read the files and make samples of the pairs."""
        splits = self._splits()
        encoder = reading.encoder
        if not isinstance(encoder, PairEncoder):
            encoder = self._learnt(splits, reading.seed)
        parts = {split: _part(encoder, rows) for split, rows in splits.items()}
        if self.test is not None and "test" not in parts:
            parts = take_share(parts, "test", self.test, reading.seed)
        return Stored(parts, encoder.classes, encoder)

    def _learnt(self, splits: dict[str, list[Text]], seed: int) -> PairEncoder:
        """Learn the tokens of pairs that nothing will be validated or tested on."""
        pairs = splits["train"]
        rows, none = np.arange(len(pairs)), np.zeros((len(pairs), 1), np.float32)
        if self.test is not None and "test" not in splits:
            rows, _ = share_rows(none, "test", self.test, seed)
        rows = rows[self.learning_rows(none[rows], seed)]
        learning = [pairs[row] for row in rows.tolist()]
        return PairEncoder(
            source=self.source_tokens.learnt(pair.text for pair in learning),
            target=self.target_tokens.learnt(pair.label for pair in learning),
            source_length=self.source_length, target_length=self.target_length,
            column=self.source, header=self.header, delimiter=self.delimiter,
            encoding=self.encoding,
        )  # fmt: skip

    def _splits(self) -> dict[str, list[Text]]:
        files = {"train": self.path, "validation": self.validation_path, "test": self.test_path}
        return {split: self._pairs(Path(path)) for split, path in files.items() if path is not None}

    def _pairs(self, path: Path) -> list[Text]:
        """Read the pairs of a file, the target in the place of a label."""
        if not path.is_file():
            raise absent_file(path)
        grid = Layout(self.header, self.delimiter, self.encoding).read(file_lines(path))
        both = zip(grid.values(self.source), grid.values(self.target), strict=True)
        pairs = [Text(source, target, grid.at(row)) for row, (source, target) in enumerate(both)]
        for pair in pairs:
            if not pair.text.strip() or not pair.label.strip():
                missing = "target" if pair.text.strip() else "source"
                raise DataError(f"the {missing} is empty", at=pair.place, hint="leave the row out")
        return pairs


def _part(encoder: PairEncoder, pairs: list[Text]) -> Part:
    samples, labels = encoder.pairs([pair.text for pair in pairs], [pair.label for pair in pairs])
    return Part(ArrayStore(samples), as_map_type(labels))
