"""Series with classes: .ts files and rows of text, several channels, lengths that vary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import DataError
from dltrain.data.encoders.base import file_lines
from dltrain.data.preprocess import Preprocessor
from dltrain.data.samples import Data
from dltrain.data.sources.base import Dataset

HEAD = "#about\n@problemName X\n@timeStamps false\n@classLabel true a b\n@data\n"
TRAIN = "1,2,3:10,20,30:b\n4,5:40,50:a\n"
TEST = "7:70:a\n1,2,3,4:1,2,3,4:b\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "X_TRAIN.ts").write_text(HEAD + TRAIN)
    (tmp_path / "X_TEST.ts").write_text(HEAD + TEST)
    return tmp_path


def dataset(path: Path, **fields: Any) -> Dataset:
    return Dataset.parse({"type": "labelled_series", "path": str(path), **fields})


def samples(data: Data, split: str = "train") -> Any:
    return np.concatenate(list(data.splits[split].batches()))  # type: ignore[attr-defined]


def test_channels_and_classes_are_read_and_short_series_padded(folder: Path) -> None:
    data = dataset(folder, standardize=False, padding=-9).load(seed=0)
    assert data.class_names == ("a", "b")
    assert data.splits["train"].targets.tolist() == [1, 0]
    assert samples(data)[0].tolist() == [[1, 10], [2, 20], [3, 30], [-9, -9]]
    assert samples(data, "test")[0].tolist() == [[7, 70], *[[-9, -9]] * 3]


def test_channels_are_standardized_by_the_steps_of_training(folder: Path) -> None:
    data = dataset(folder).load(seed=0)
    steps = np.array([1, 2, 3, 4, 5])
    np.testing.assert_allclose(samples(data)[0, :3, 0], (steps[:3] - 3) / steps.std(), rtol=1e-6)
    np.testing.assert_array_equal(samples(data)[1, 2:], 0)


def test_a_length_cuts_longer_series(folder: Path) -> None:
    data = dataset(folder, length=2, standardize=False).load(seed=0)
    assert data.input_shape == (2, 2)
    assert samples(data, "test")[1].tolist() == [[1, 1], [2, 2]]


def test_rows_of_text_begin_with_the_class(tmp_path: Path) -> None:
    path = tmp_path / "E.txt"
    path.write_text("  1.0e+00\t5.0\t6.0\n2,7,8\n 1 9 NaN\n\n2 1 2\n")
    data = dataset(path, standardize=False, test=0.5).load(seed=0)
    assert data.class_names == ("1", "2")
    assert sorted(samples(data)[:, 0, 0].tolist() + samples(data, "test")[:, 0, 0].tolist()) == [
        1, 5, 7, 9,
    ]  # fmt: skip


def test_what_is_described_is_what_is_read(folder: Path) -> None:
    for fields in ({}, {"length": 2}, {"validation": 0.5}):
        chosen = dataset(folder, **fields)
        facts, data = chosen.describe(1), chosen.load(seed=1)
        assert facts is not None
        assert facts.samples == {name: len(split) for name, split in data.splits.items()}
        assert facts.input_shape == data.input_shape
        assert facts.class_names == data.class_names


def test_other_series_are_read_as_training_was(folder: Path, tmp_path: Path) -> None:
    data = dataset(folder).load(seed=0)
    preprocessing = json.loads(json.dumps(data.preprocessing))
    preprocessor = Preprocessor(preprocessing, data.input_shape)
    encoder: Any = preprocessor.encoder
    path = tmp_path / "new.ts"
    path.write_text("@classLabel false\n@data\n1,2,3:10,20,30\n1:2:3\n1,2:3\n1,2,x:1,2,3\n")
    found = dict(encoder.records(file_lines(path)))
    good = [record for record in found.values() if not isinstance(record, DataError)]
    np.testing.assert_array_equal(preprocessor.from_records(good[:1]), samples(data)[:1])
    with pytest.raises(DataError, match="a series of 2 channels of numbers is wanted, not of 3"):
        preprocessor.from_records(good[1:])
    with pytest.raises(DataError, match="the series has 5 steps, more than 4"):
        preprocessor.from_records([np.zeros((5, 2))])
    errors = {place: one.message for place, one in found.items() if isinstance(one, DataError)}
    assert errors.pop(f"{path}:5") == "the channels have different numbers of steps: 2, 1"
    assert errors.pop(f"{path}:6") == "step 3 of channel 1: 'x' is no finite number"
    again = dataset(folder).load(seed=0, preprocessing=preprocessing, class_names=data.class_names)
    np.testing.assert_array_equal(samples(again, "test"), samples(data, "test"))


@pytest.mark.parametrize(
    ("content", "message", "line"),
    [
        (HEAD + "1,2:a\n1,?:b\n", "step 2 of channel 1: '\\?' is no finite number", 7),
        (HEAD + "1,2:a\n1:2:b\n", "the series has 2 channels, not 1", 7),
        (HEAD, "there are no series", None),
        ("1,2:a\n", "the file has no line `@data`", None),
        ("@timeStamps true\n@data\n", "time stamps cannot be read", None),
        ("@data\n1,2\n", "the series has no class", 2),
    ],
)
def test_what_cannot_be_read_is_placed(
    tmp_path: Path, content: str, message: str, line: int | None
) -> None:
    path = tmp_path / "a.ts"
    path.write_text(content)
    with pytest.raises(DataError, match=message) as caught:
        dataset(path).load(seed=0)
    assert caught.value.at == (str(path) if line is None else f"{path}:{line}")


def test_classes_and_files_that_are_not_there_are_named(folder: Path) -> None:
    (folder / "X_TEST.ts").write_text(HEAD + "1:1:c\n")
    with pytest.raises(DataError, match="'c' is not one of the classes in training: a, b"):
        dataset(folder).load(seed=0)
    with pytest.raises(DataError, match="no such file"):
        dataset(folder / "Y.ts").describe()
    (folder / "X_TRAIN.ts").unlink()
    with pytest.raises(DataError, match="no file's name ends in _TRAIN"):
        dataset(folder).describe()
