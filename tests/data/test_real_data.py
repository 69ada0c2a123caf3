from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dltrain.core.errors import DataError
from dltrain.data.loader import Loader
from dltrain.data.preprocess import Preprocessor
from dltrain.data.sources.base import Dataset

Real = Callable[[str], Path]


@pytest.mark.parametrize(
    ("name", "folder"), [("mnist", "mnist"), ("fashion_mnist", "fashion-mnist")]
)
def test_the_published_files_have_their_counts_and_are_held_once(
    real: Real, name: str, folder: str
) -> None:
    fields = {"type": name, "path": str(real(folder)), "validation": 0.1}
    data = Dataset.parse(fields).load(seed=0)
    assert {name: len(split) for name, split in data.splits.items()} == {
        "train": 54_000,
        "validation": 6_000,
        "test": 10_000,
    }
    assert data.input_shape == (28, 28, 1)
    assert data.classes == 10
    train, validation = data.splits["train"], data.splits["validation"]
    assert train.store is validation.store  # type: ignore[attr-defined]
    assert train.store.array.nbytes == 60_000 * 28 * 28  # type: ignore[attr-defined]
    first = next(iter(Loader(train, 64, seed=0, epoch=1, shuffle=True)))
    assert first.x.max() == 1
    assert np.bincount(validation.targets).sum() == 6000


def test_real_photos_of_one_size_load_and_larger_ones_need_a_resize(real: Real) -> None:
    folder = real("sign-language-digits")
    fields = {"type": "image_folder", "path": str(folder), "validation": 0.1, "test": 0.2}
    data = Dataset.parse(fields).load(seed=0)
    assert sum(len(split) for split in data.splits.values()) == 2059
    assert data.input_shape == (100, 100, 3)
    large = sorted(real("sign-language-digits-oversize").glob("*/*.JPG"))[0]
    with pytest.raises(DataError, match="3024 x 3024 pixels, where 100 x 100"):
        Preprocessor(data.preprocessing, data.input_shape).from_path(large)
    kept = {"source_shape": [100, 100, 3], "transforms": [{"type": "resize", "size": [32, 32]}]}
    assert Preprocessor(kept, (32, 32, 3)).from_path(large).shape == (32, 32, 3)
