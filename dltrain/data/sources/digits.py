"""The bundled data set: 1,797 handwritten digits of 8 x 8 pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dltrain.core.errors import DataError
from dltrain.data.idx_format import read_idx
from dltrain.data.parts import Part, Reading, Stored
from dltrain.data.samples import DataFacts
from dltrain.data.sources.base import Dataset
from dltrain.data.stores import ArrayStore
from dltrain.data.targets import as_targets

_NAMES = tuple("0123456789")


class Digits(Dataset):
    """Handwritten digits, 8 x 8 gray pixels, 1,438 for training and 359 for test; bundled.

    Pixels are whole numbers from 0 to 16, divided by 16. Source: Alpaydin and Kaynak 1998,
    doi:10.24432/C50P49, CC BY 4.0.
    """

    def stored_facts(self, seed: int) -> DataFacts:
        """Tell what is always so."""
        return DataFacts((8, 8, 1), 10, _NAMES, "labels", (), {"train": 1438, "test": 359})

    def read(self, reading: Reading) -> Stored:
        """Read the images and their fixed split."""
        folder = bundled_folder()
        images = read_idx(folder / "images-idx3-ubyte.gz")[..., np.newaxis]
        labels = as_targets(read_idx(folder / "labels-idx1-ubyte.gz"), at=str(folder))
        numbers = (folder / "test-indices.txt").read_text(encoding="ascii").split()
        test = np.zeros(len(labels), bool)
        test[np.array(numbers, np.int64)] = True
        whole = Part(ArrayStore(images, divisor=16.0), labels)
        rows = {"train": np.flatnonzero(~test), "test": np.flatnonzero(test)}
        return Stored({name: whole.taken(chosen) for name, chosen in rows.items()}, _NAMES)


def bundled_folder() -> Path:
    """Give the folder of the bundled set: inside an installed package, or in the repository."""
    package = Path(__file__).parents[1]
    for folder in (package / "bundled" / "digits", package.parents[1] / "datasets" / "digits"):
        if folder.is_dir():
            return folder
    raise DataError(
        "the bundled digits are not where they were installed",
        at=str(package / "bundled" / "digits"),
        hint="install dltrain again",
    )
