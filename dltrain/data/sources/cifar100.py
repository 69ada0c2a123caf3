"""The CIFAR-100 data set."""

from __future__ import annotations

from typing import Literal

from dltrain.core.fields import LocalPath
from dltrain.data.cifar_catalog import CIFAR100, CIFAR100_COARSE, CIFAR100_FINE, Labelling
from dltrain.data.cifar_sets import describe_cifar, read_cifar
from dltrain.data.parts import Reading, Stored
from dltrain.data.samples import DataFacts
from dltrain.data.sources.base import Dataset


class Cifar100(Dataset):
    """Photographs of 100 kinds of things, 32 x 32 pixels, 50,000 for training and 10,000 for test.

    Source: Krizhevsky 2009, "Learning multiple layers of features from tiny images", the binary
    version.
    """

    path: LocalPath | None = None
    """Folder that holds the files of the binary version, or some of them, or the folder that its
    archive was unpacked to; without it they are kept in the user's cache, and fetched once."""
    label_mode: Literal["fine", "coarse"] = "fine"
    """The 100 classes, or the 20 groups of five that they form."""

    def stored_facts(self, seed: int) -> DataFacts:
        """Tell what the files hold, or will hold once they are fetched."""
        return describe_cifar(CIFAR100, self._labelling, self.path)

    def read(self, reading: Reading) -> Stored:
        """Read the files."""
        return read_cifar(CIFAR100, self._labelling, self.path, reading)

    @property
    def _labelling(self) -> Labelling:
        return CIFAR100_FINE if self.label_mode == "fine" else CIFAR100_COARSE
