"""Short series, each of a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dltrain.core import fields
from dltrain.core.errors import DataError
from dltrain.data.absent import absent_file
from dltrain.data.class_names import class_numbers, class_order
from dltrain.data.columns import moments
from dltrain.data.encoders.base import file_lines
from dltrain.data.encoders.labelled_series import LabelledSeries as Encoder
from dltrain.data.parts import Part, Reading, Stored, share_rows, silent, take_share
from dltrain.data.samples import DataFacts
from dltrain.data.series_files import OneSeries, read_series
from dltrain.data.sources.base import Dataset, PartShare
from dltrain.data.stores import ArrayStore

_SUFFIXES = (".ts", ".txt", ".tsv", ".csv")


@dataclass(frozen=True, eq=False)
class _File:
    name: str
    steps: list[NDArray[np.float64]]
    labels: list[str]
    places: list[str]


class LabelledSeries(Dataset):
    """Series with a class each, from aeon's .ts files or UCR's texts (a row each, the class first).

    Shorter series are padded at the end, which the layer `masking` tells from steps. Means and
    deviations of channels are those of the training series.
    """

    path: fields.LocalPath
    """The file with the training series, or a folder with NAME_TRAIN.ts and NAME_TEST.ts (or .txt,
    .tsv, .csv)."""
    test_path: fields.LocalPath | None = None
    """A file with series to test on; default: the one beside the training file in its folder."""
    length: fields.PositiveInteger | None = None
    """Steps of a sample, behind which longer series are cut; default: those of the longest."""
    padding: fields.Number = 0.0
    """What stands in all channels behind the end of a shorter series."""
    standardize: fields.Flag = True
    """Whether channels get mean 0 and deviation 1."""
    encoding: fields.Text = "utf-8"
    """How the files write characters as bytes, such as utf-8 or latin-1."""
    test: PartShare | None = None
    """Share to test on, every class alike, chosen by the seed, where there is no file for it."""

    def stored_facts(self, seed: int) -> DataFacts:
        """Read the files."""
        stored = self.read(Reading(seed, offline=True, announce=silent))
        names = stored.class_names
        assert stored.encoder is not None and names is not None  # noqa: S101, PT018 - of `read`
        stores = {id(part.store): len(part.store) for part in stored.parts.values()}
        return DataFacts(
            stored.encoder.shape,
            len(names),
            names,
            "labels",
            (),
            {split: len(part.targets) for split, part in stored.parts.items()},
            value_bytes=4,
            stored=tuple(stores.values()),
        )

    def read(self, reading: Reading) -> Stored:
        """Read the files, and learn of the training series what is to be learnt."""
        files = {split: self._file(path) for split, path in self._paths().items()}
        train = files["train"]
        names = reading.class_names or class_order(train.labels)
        labels = {
            split: class_numbers(file.labels, names, file.places.__getitem__)
            for split, file in files.items()
        }
        encoder = reading.encoder
        if not isinstance(encoder, Encoder):
            rows = self._learning(labels["train"], reading.seed)
            longest = max(len(steps) for file in files.values() for steps in file.steps)
            encoder = self._learnt([train.steps[row] for row in rows], longest)
        parts = {
            split: Part(ArrayStore(_encoded(encoder, file)), labels[split])
            for split, file in files.items()
        }
        if self.test is not None and "test" not in parts:
            parts = take_share(parts, "test", self.test, reading.seed)
        return Stored(parts, names, encoder)

    def _paths(self) -> dict[str, Path]:
        path = Path(self.path)
        if not path.exists():
            raise absent_file(path)
        paths = {"train": path}
        if path.is_dir():
            paths = _in_folder(path)
        if self.test_path is not None:
            paths["test"] = Path(self.test_path)
            if not paths["test"].exists():
                raise absent_file(paths["test"])
        return paths

    def _file(self, path: Path) -> _File:
        """Read a file; raise the DataError of the first series that is wrong."""
        file = _File(str(path), [], [], [])
        for place, found in read_series(file_lines(path), self.encoding):
            if not isinstance(found, OneSeries):
                raise found
            if found.label is None:
                raise DataError("the series has no class", at=place)
            if file.steps and found.steps.shape[1] != file.steps[0].shape[1]:
                wanted = file.steps[0].shape[1]
                message = f"the series has {found.steps.shape[1]} channels, not {wanted}"
                raise DataError(message, at=place)
            file.steps.append(found.steps)
            file.labels.append(found.label)
            file.places.append(place)
        if not file.steps:
            raise DataError("there are no series", at=file.name)
        return file

    def _learning(self, labels: NDArray[np.int32], seed: int) -> NDArray[np.int64]:
        """Give the series that neither a share for tests nor one for validation will take."""
        stay = np.arange(len(labels), dtype=np.int64)
        if self.test is not None and "test" not in self._paths():
            stay, _ = share_rows(labels, "test", self.test, seed)
        return stay[self.learning_rows(labels[stay], seed)]

    def _learnt(self, series: Sequence[NDArray[np.float64]], longest: int) -> Encoder:
        steps = np.concatenate(series)
        if self.standardize:
            means, deviations = zip(*(moments(channel) for channel in steps.T), strict=True)
        else:
            means, deviations = (0.0,) * steps.shape[1], (1.0,) * steps.shape[1]
        return Encoder(
            length=self.length or longest,
            cuts=self.length is not None,
            means=means,
            deviations=deviations,
            padding=self.padding,
            encoding=self.encoding,
        )


def _in_folder(folder: Path) -> dict[str, Path]:
    """Find the files of a folder by the ends of their names."""
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in _SUFFIXES)
    paths = {
        split: next((file for file in files if file.stem.upper().endswith(end)), None)
        for split, end in (("train", "_TRAIN"), ("test", "_TEST"))
    }
    if paths["train"] is None:
        listed = ", ".join(file.name for file in files) or "none"
        message = (
            f"no file's name ends in _TRAIN before .ts, .txt, .tsv or .csv; there are {listed}"
        )
        raise DataError(message, at=str(folder), hint="name the file in `path`")
    return {split: path for split, path in paths.items() if path is not None}


def _encoded(encoder: Encoder, file: _File) -> NDArray[np.float32]:
    try:
        return encoder.encode(file.steps)
    except DataError as error:
        raise DataError(error.message, at=file.name, hint=error.hint) from error
