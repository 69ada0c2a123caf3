from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import DataError
from dltrain.data.sources.base import Dataset

Write = Callable[[Path, Any], Path]


@pytest.fixture
def pair(tmp_path: Path, write_idx: Write) -> Callable[..., dict[str, str]]:
    def make(name: str, samples: Any, labels: Any) -> dict[str, str]:
        images = write_idx(tmp_path / f"{name}-images.gz", samples)
        return {
            "images": str(images),
            "labels": str(write_idx(tmp_path / f"{name}-labels.gz", labels)),
        }

    return make


def test_bytes_become_gray_images_between_0_and_1(pair: Callable[..., dict[str, str]]) -> None:
    pixels = np.array([0, 51, 255, 1], np.uint8).reshape(1, 2, 2)
    files = pair("train", pixels, np.array([3], np.uint8))
    data = Dataset.parse({"type": "idx", "train": files}).load(seed=0)
    out = np.empty((1, 2, 2, 1), np.float32)
    data.splits["train"].gather(np.array([0]), out)
    np.testing.assert_array_equal(out.ravel(), np.float32([0, 51, 255, 1]) / np.float32(255))
    assert data.class_names == ("0", "1", "2", "3")


def test_facts_agree_with_what_is_loaded(pair: Callable[..., dict[str, str]]) -> None:
    pixels = np.zeros((20, 5, 4), np.uint8)
    labels = np.arange(20, dtype=np.uint8) % 3
    dataset = Dataset.parse(
        {"type": "idx", "train": pair("a", pixels, labels), "test": pair("b", pixels, labels)}
    )
    facts, data = dataset.describe(), dataset.load(seed=0)
    assert facts.input_shape == data.input_shape == (5, 4, 1)
    assert facts.class_names == data.class_names
    assert facts.samples == {name: len(split) for name, split in data.splits.items()}


def test_a_label_outside_the_classes_is_named(pair: Callable[..., dict[str, str]]) -> None:
    files = pair("a", np.zeros((3, 2, 2), np.uint8), np.array([0, 12, 1], np.uint8))
    dataset = Dataset.parse({"type": "idx", "train": files, "classes": 10})
    with pytest.raises(DataError, match=r"labels outside the classes 0 to 9: sample 1 has 12"):
        dataset.load(seed=0)


def test_images_and_labels_must_be_as_many(pair: Callable[..., dict[str, str]]) -> None:
    files = pair("a", np.zeros((3, 2, 2), np.uint8), np.zeros(4, np.uint8))
    dataset = Dataset.parse({"type": "idx", "train": files})
    for read in (dataset.describe, lambda: dataset.load(seed=0)):
        with pytest.raises(DataError, match="3 samples, but 4 labels"):
            read()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    files = {"images": str(tmp_path / "x"), "labels": str(tmp_path / "y")}
    with pytest.raises(DataError, match="no such file") as caught:
        Dataset.parse({"type": "idx", "train": files}).describe()
    assert caught.value.at == str(tmp_path / "x")
    assert caught.value.exit_code == 3
