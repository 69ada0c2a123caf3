"""Images named in a table, with their classes."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from dltrain.core.errors import DataError
from dltrain.core.fields import LocalPath, Text
from dltrain.core.suggest import nearest
from dltrain.data.absent import absent_file
from dltrain.data.image_sets import Listed, image_parts
from dltrain.data.images import read_header
from dltrain.data.parts import Reading, Stored, split_name, take_share
from dltrain.data.preprocess import divide
from dltrain.data.samples import DataFacts
from dltrain.data.sources.base import Dataset, PartShare

_Rows = dict[str, list[tuple[Path, str]]]


class CsvManifest(Dataset):
    """Images listed in a CSV file with a header line; file names are relative to the CSV file."""

    path: LocalPath
    """The CSV file, UTF-8."""
    image: Text = "image"
    """Column with the image's file name."""
    label: Text = "label"
    """Column with the name of its class."""
    split: Text | None = None
    """Column with `train`, `val` or `test`; without it all are for training."""
    test: PartShare | None = None
    """Share to test on, every class alike, chosen by the seed, where no row says `test`."""

    def stored_facts(self, seed: int) -> DataFacts:
        """Read the table and the header of one image."""
        rows = self._rows()
        names = _class_names(rows)
        header = read_header(rows["train"][0][0])
        counts = {split: len(listed) for split, listed in rows.items()}
        shape = (header.height, header.width, 1 if header.gray else 3)
        kept = 2 if header.deep else 1
        facts = DataFacts(
            shape, len(names), names, "labels", (), counts, value_bytes=kept, in_files=True
        )
        if self.test is not None and "test" not in counts:
            return facts.taking("test", self.test)
        return facts

    def read(self, reading: Reading) -> Stored:
        """Read the table and every header; the pixels follow where they fit into memory."""
        rows = self._rows()
        names = reading.class_names or _class_names(rows)
        numbers = {name: number for number, name in enumerate(names)}
        unknown = sorted({name for part in rows.values() for _, name in part} - set(names))
        if unknown:
            message = f"{unknown[0]!r} is not one of the classes: {', '.join(names)}"
            raise DataError(message, at=f"{self.path}, column {self.label}")
        listed: dict[str, Listed] = {
            split: [(file, numbers[name]) for file, name in part] for split, part in rows.items()
        }
        on_pixels, _ = divide(self.transforms)
        any_size = any(each.fixes_size for each in on_pixels)
        parts = image_parts(listed, any_size=any_size, wanted=reading.source_shape)
        if self.test is not None and "test" not in parts:
            parts = take_share(parts, "test", self.test, reading.seed)
        return Stored(parts, names)

    def _rows(self) -> _Rows:
        path = Path(self.path)
        rows: _Rows = {}
        try:
            with path.open(newline="", encoding="utf-8-sig") as stream:
                table = csv.DictReader(stream, strict=True)
                self._check_columns(table.fieldnames or ())
                for fields in table:
                    self._add(fields, rows, f"{path}:{table.line_num}")
        except FileNotFoundError as error:
            raise absent_file(path) from error
        except (OSError, ValueError, csv.Error) as error:
            raise DataError(f"the table cannot be read: {error}", at=str(path)) from error
        if "train" not in rows:
            raise DataError("no row of the table is for training", at=str(path))
        return rows

    def _check_columns(self, names: Sequence[str]) -> None:
        for wanted in (self.image, self.label, self.split):
            if wanted is not None and wanted not in names:
                near = nearest(wanted, names)
                raise DataError(
                    f"no column is called {wanted!r}; there are {', '.join(names) or 'none'}",
                    at=self.path,
                    hint=f"did you mean `{near}`?" if near else None,
                )

    def _add(self, fields: dict[str, str | None], rows: _Rows, at: str) -> None:
        file, label = fields[self.image], fields[self.label]
        split = fields[self.split] if self.split is not None else "train"
        if not file or not label or not split:
            raise DataError("the row lacks a value for its image, label or split", at=at)
        full = Path(self.path).parent / file
        if not full.is_file():
            raise DataError(f"the image {file} does not exist", at=at)
        rows.setdefault(split_name(split), []).append((full, label))


def _class_names(rows: _Rows) -> tuple[str, ...]:
    return tuple(sorted({name for _, name in rows["train"]}))
