"""Texts in files that lie in folders named like their classes, or in one file for each class."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from dltrain.core import fields
from dltrain.core.errors import DataError
from dltrain.data.absent import absent_file
from dltrain.data.class_folders import class_names, split_folders, subfolders
from dltrain.data.delimited import decoded
from dltrain.data.encoders.base import file_lines
from dltrain.data.encoders.text import TextEncoder
from dltrain.data.parts import Reading, Stored
from dltrain.data.samples import DataFacts
from dltrain.data.sources.base import Dataset, PartShare
from dltrain.data.texts import Text, stored_texts, text_facts
from dltrain.data.tokenizers.base import Tokenizer
from dltrain.data.tokenizers.words import Words

SUFFIX = ".txt"


class TextFolder(Dataset):
    """Texts in class folders: path/train/<class>/*.txt, val/ and test/, or path/<class>/*.txt.

    With `files`, each class is one file, and each line of it a text. Samples are as those of
    `text_csv`.
    """

    path: fields.LocalPath
    """The folder."""
    files: Annotated[dict[fields.Text, fields.Text], Field(min_length=2)] | None = None
    """The file of each class in the folder, as {negative: reviews.neg, positive: reviews.pos}."""
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
    """Share to test on, every class alike, chosen by the seed, where there is no folder test/."""

    def stored_facts(self, seed: int) -> DataFacts:
        """Read the files and cut the texts."""
        return text_facts(self, self._splits(), seed)

    def read(self, reading: Reading) -> Stored:
        """Read the files and make samples of the texts."""
        return stored_texts(self, self._splits(), reading)

    def encoder(self, tokens: Tokenizer, length: int, sizes: tuple[int, ...]) -> TextEncoder:
        """Give what makes samples of texts."""
        return TextEncoder(
            tokens=tokens,
            length=length,
            buckets=sizes,
            unknown=self.unknown,
            whole=self.files is None,
            encoding=self.encoding,
        )

    def _splits(self) -> dict[str, list[Text]]:
        root = Path(self.path)
        if self.files is not None:
            classes = (self._lines(root, label, file) for label, file in self.files.items())
            return {"train": [text for texts in classes for text in texts]}
        folders = split_folders(root)
        class_names(folders["train"])
        return {split: self._texts(folder) for split, folder in folders.items()}

    def _lines(self, root: Path, label: str, file: str) -> list[Text]:
        path = root / file
        if not path.is_file():
            raise absent_file(path)
        lines = decoded(file_lines(path), self.encoding).splitlines()
        texts = [
            Text(line, label, f"{path}:{number}")
            for number, line in enumerate(lines, 1)
            if line.strip()
        ]
        if not texts:
            raise DataError("the file of a class is empty: it has no lines", at=str(path))
        return texts

    def _texts(self, folder: Path) -> list[Text]:
        texts = []
        for each in subfolders(folder):
            files = [file for file in sorted(each.iterdir()) if file.suffix.lower() == SUFFIX]
            if not files:
                message = f"the class folder is empty: it holds no {SUFFIX} files"
                raise DataError(message, at=str(each), hint="remove it, or put texts into it")
            for file in files:
                text = decoded(file_lines(file), self.encoding)
                if not text.strip():
                    raise DataError("the text is empty", at=str(file), hint="remove the file")
                texts.append(Text(text, each.name, str(file)))
        return texts
