from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.data.samples import Data
from dltrain.data.sources.base import Dataset


def load(path: Path, **fields: Any) -> Data:
    return Dataset.parse({"type": "npz", "path": str(path), **fields}).load(seed=0)


def saved(tmp_path: Path, **arrays: NDArray[Any]) -> Path:
    np.savez(tmp_path / "data.npz", **arrays)
    return tmp_path / "data.npz"


def everything(data: Data, split: str) -> NDArray[np.float32]:
    out = np.empty((len(data.splits[split]), *data.input_shape), np.float32)
    data.splits[split].gather(np.arange(len(out)), out)
    return out


def test_floats_are_taken_as_they_are(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(0, 300, (5, 7, 3))
    data = load(saved(tmp_path, x_train=x, y_train=np.arange(5)))
    np.testing.assert_array_equal(everything(data, "train"), x.astype(np.float32))
    assert data.input_shape == (7, 3)
    assert data.target_form == "labels"
    assert data.classes == 5


@pytest.mark.parametrize(("dtype", "largest"), [("uint8", 255), ("uint16", 65535)])
def test_whole_pixels_get_a_channel_axis_and_are_scaled(
    tmp_path: Path, dtype: str, largest: int
) -> None:
    x = np.array([0, largest, 7, largest // 2], dtype).reshape(1, 2, 2)
    data = load(saved(tmp_path, x_train=x, y_train=np.array([0])))
    assert data.input_shape == (2, 2, 1)
    wanted = x.ravel().astype(np.float32) / np.float32(largest)
    np.testing.assert_array_equal(everything(data, "train").ravel(), wanted)


def test_one_hot_rows_stay_dense_and_count_as_classes(tmp_path: Path) -> None:
    data = load(saved(tmp_path, x_train=np.zeros((4, 2)), y_train=np.eye(4)))
    assert data.target_form == "dense"
    assert data.target_shape == (4,)
    assert data.class_names == ("0", "1", "2", "3")


def test_float_targets_are_dense_without_classes(tmp_path: Path) -> None:
    data = load(saved(tmp_path, x_train=np.zeros((4, 2)), y_train=np.arange(4) / 3))
    assert data.target_form == "dense"
    assert data.target_shape == (1,)
    assert data.class_names is None
    assert data.splits["train"].targets.dtype == np.float32


def test_a_column_of_labels_is_labels(tmp_path: Path) -> None:
    data = load(saved(tmp_path, x_train=np.zeros((4, 2)), y_train=np.array([[0], [2], [1], [2]])))
    np.testing.assert_array_equal(data.splits["train"].targets, [0, 2, 1, 2])
    assert data.splits["train"].targets.dtype == np.int32


def test_x_val_is_the_validation_split(tmp_path: Path) -> None:
    x, y = np.zeros((4, 2)), np.array([0, 1, 0, 1])
    data = load(saved(tmp_path, x_train=x, y_train=y, x_val=x[:2], y_val=y[:2]))
    assert {name: len(split) for name, split in data.splits.items()} == {
        "train": 4,
        "validation": 2,
    }


def test_facts_agree_with_what_is_loaded(tmp_path: Path) -> None:
    x, y = np.zeros((6, 4, 4, 3), np.uint8), np.arange(6) % 3
    path = saved(tmp_path, x_train=x, y_train=y, x_test=x, y_test=y)
    dataset = Dataset.parse({"type": "npz", "path": str(path), "validation": 0.5})
    facts, data = dataset.describe(), dataset.load(seed=0)
    assert facts.input_shape == data.input_shape
    assert (facts.classes, facts.class_names) == (data.classes, data.class_names)
    assert (facts.target_form, facts.target_shape) == (data.target_form, data.target_shape)
    assert facts.samples == {name: len(split) for name, split in data.splits.items()}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x_train": np.zeros((3, 2))}, "no pair of arrays"),
        ({"x_train": np.zeros((3, 2)), "y_train": np.zeros(4, int)}, "3 samples, but 4 labels"),
        ({"x_train": np.zeros((3, 2)), "y_train": np.array([0, -1, 0])}, "sample 1 has -1"),
        ({"x_train": np.full((3, 2), np.nan), "y_train": np.zeros(3, int)}, "not finite"),
        ({"x_train": np.zeros((2, 2)), "y_train": np.array([0.0, np.inf])}, "not finite"),
        ({"x_train": np.array([["a"]]), "y_train": np.zeros(1, int)}, "must be numbers"),
        ({"x_train": np.zeros((0, 2)), "y_train": np.zeros(0, int)}, "no samples"),
    ],
)
def test_wrong_arrays_are_data_errors(
    tmp_path: Path, arrays: dict[str, NDArray[Any]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        load(saved(tmp_path, **arrays))


def test_a_pickle_inside_is_refused_and_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    path = tmp_path / "data.npz"
    objects = np.empty(1, object)
    objects[0] = Trap()
    np.savez(path, x_train=objects, y_train=np.zeros(1, int))
    with pytest.raises(DataError):
        load(path)
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(DataError):
        load(path)
    assert not (tmp_path / "sprung").exists()


def test_a_damaged_file_is_a_data_error(tmp_path: Path) -> None:
    path = saved(tmp_path, x_train=np.zeros((30, 2)), y_train=np.zeros(30, int))
    content = path.read_bytes()
    for damaged in (
        content[:100],
        content[: len(content) // 2],
        b"",
        content.replace(b"\x93", b"?"),
    ):
        path.write_bytes(damaged)
        with pytest.raises(DataError) as caught:
            load(path)
        assert str(path) in str(caught.value)


def test_a_compressed_file_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez_compressed(path, x_train=np.ones((3, 2)), y_train=np.zeros(3, int))
    assert zipfile.is_zipfile(path)
    assert everything(load(path), "train").sum() == 6
