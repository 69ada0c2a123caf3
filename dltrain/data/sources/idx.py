"""IDX files of one's own, the format of MNIST."""

from __future__ import annotations

from pathlib import Path

from dltrain.core.component import Component
from dltrain.core.fields import LocalPath, PositiveInteger
from dltrain.data.absent import absent_file
from dltrain.data.idx_format import read_idx
from dltrain.data.idx_sets import Pair, read_pairs, shapes_of
from dltrain.data.label_names import class_count, numbered
from dltrain.data.parts import Reading, Stored
from dltrain.data.samples import DataFacts
from dltrain.data.sources.base import Dataset
from dltrain.data.targets import as_targets, check_labels


class IdxPair(Component):
    """The two files of a split."""

    images: LocalPath
    """File of samples [n, ...], plain or gzipped."""
    labels: LocalPath
    """File of labels [n], plain or gzipped."""

    def pair(self) -> Pair:
        """Give the files' paths."""
        return Path(self.images), Path(self.labels)


class Idx(Dataset):
    """Samples and labels in IDX files, plain or gzipped; bytes are pixels of gray images."""

    train: IdxPair
    """The training split."""
    val: IdxPair | None = None
    """The validation split, where there is one."""
    test: IdxPair | None = None
    """The test split, where there is one."""
    classes: PositiveInteger | None = None
    """Number of classes; without it, the largest label and one."""

    def stored_facts(self, seed: int) -> DataFacts:
        """Read the headers, and the labels where they alone tell how many classes there are."""
        pairs = self._pairs()
        shape, counts = shapes_of(pairs)
        labels = {
            name: as_targets(read_idx(files[1]), at=str(files[1])) for name, files in pairs.items()
        }
        classes = class_count(labels.values(), self.classes)
        return DataFacts(shape, classes, numbered(classes), "labels", (), counts)

    def read(self, reading: Reading) -> Stored:
        """Read the files; every label must be one of the classes."""
        pairs = self._pairs()
        parts = read_pairs(pairs)
        known = len(reading.class_names) if reading.class_names else self.classes
        classes = class_count((part.targets for part in parts.values()), known)
        for name, part in parts.items():
            check_labels(part.targets, classes, at=str(pairs[name][1]))
        return Stored(parts, reading.class_names or numbered(classes))

    def _pairs(self) -> dict[str, Pair]:
        splits = {"train": self.train, "validation": self.val, "test": self.test}
        pairs = {name: files.pair() for name, files in splits.items() if files is not None}
        for files in pairs.values():
            for file in files:
                if not file.is_file():
                    raise absent_file(file)
        return pairs
