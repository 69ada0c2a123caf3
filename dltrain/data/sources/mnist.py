"""The MNIST data set."""

from __future__ import annotations

from dltrain.core.fields import LocalPath
from dltrain.data.catalog import MNIST
from dltrain.data.catalogued import describe_catalogued, read_catalogued
from dltrain.data.parts import Reading, Stored
from dltrain.data.samples import DataFacts
from dltrain.data.sources.base import Dataset


class Mnist(Dataset):
    """Handwritten digits, 28 x 28 gray pixels, 60,000 for training and 10,000 for test.

    Source: LeCun, Cortes, Burges 1998, CC BY-SA 3.0.
    """

    path: LocalPath | None = None
    """Folder that holds the four IDX files; without it they are kept in the user's cache, and
    fetched once."""

    def stored_facts(self, seed: int) -> DataFacts:
        """Tell what the files hold, or will hold once they are fetched."""
        return describe_catalogued(MNIST, self.path)

    def read(self, reading: Reading) -> Stored:
        """Read the files."""
        return read_catalogued(MNIST, self.path, reading)
