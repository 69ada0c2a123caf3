from __future__ import annotations

from pathlib import Path

import numpy as np

from dltrain.data.preprocess import Preprocessor
from dltrain.data.sources.base import Dataset
from dltrain.data.sources.digits import bundled_folder


def test_the_bundled_set_has_its_fixed_stratified_split() -> None:
    dataset = Dataset.parse("digits")
    data = dataset.load(seed=0)
    assert {name: len(split) for name, split in data.splits.items()} == {"train": 1438, "test": 359}
    train, test = (np.bincount(data.splits[name].targets) for name in ("train", "test"))
    np.testing.assert_allclose(test / (train + test), 0.2, atol=0.005)
    facts = dataset.describe()
    assert facts is not None
    assert facts.samples == {"train": 1438, "test": 359}
    assert facts.input_shape == data.input_shape == (8, 8, 1)
    assert dataset.load(seed=9).fingerprint == data.fingerprint


def test_pixels_are_sixteenths() -> None:
    data = Dataset.parse("digits").load(seed=0)
    out = np.empty((359, 8, 8, 1), np.float32)
    data.splits["test"].gather(np.arange(359), out)
    assert set(np.unique(out * 16)) == set(range(17))


def test_the_example_images_are_test_images_of_the_digit_in_their_name() -> None:
    data = Dataset.parse("digits").load(seed=0)
    preprocessor = Preprocessor(data.preprocessing, data.input_shape)
    numbers = (bundled_folder() / "test-indices.txt").read_text().split()
    examples = sorted((bundled_folder() / "examples").glob("*.png"))
    assert len(examples) == 10
    for path in examples:
        _, digit, number = path.stem.split("_")
        row = np.array([numbers.index(str(int(number)))])
        out = np.empty((1, 8, 8, 1), np.float32)
        data.splits["test"].gather(row, out)
        assert data.splits["test"].targets[row[0]] == int(digit)
        # The files have 8 bits: round(v * 255 / 16) / 255 is v / 16 to half a step of 1 / 255.
        np.testing.assert_allclose(preprocessor.from_path(path), out[0], atol=0.5 / 255 + 1e-6)


def test_the_set_comes_with_its_source_and_licence() -> None:
    text = (Path(bundled_folder()) / "README.md").read_text(encoding="utf-8")
    assert "10.24432/C50P49" in text
    assert "CC BY 4.0" in text
