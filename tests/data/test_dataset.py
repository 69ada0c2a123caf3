from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import DataError, ShapeError
from dltrain.data.sources.base import Dataset


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    x = generator.integers(0, 256, (40, 6, 6, 1), np.uint8)
    y = np.arange(40) % 4
    path = tmp_path / "data.npz"
    np.savez(path, x_train=x, y_train=y, x_val=x[:8], y_val=y[:8], x_test=x[:4], y_test=y[:4])
    return path


def dataset(path: Path, **fields: Any) -> Dataset:
    return Dataset.parse({"type": "npz", "path": str(path), **fields})


@pytest.mark.parametrize("name", list(Dataset.registry()))
def test_every_dataset_and_its_fields_are_documented(name: str) -> None:
    member = Dataset.registry()[name]
    assert member.__doc__
    assert all(field.description for field in member.model_fields.values())


def test_a_share_beside_a_validation_split_is_refused(arrays: Path) -> None:
    with pytest.raises(DataError, match="validation split of their own"):
        dataset(arrays, validation=0.1).load(seed=0)


@pytest.mark.parametrize("name", ["val", "validation"])
def test_a_split_goes_by_its_usual_names(arrays: Path, name: str) -> None:
    data = dataset(arrays, validation=name).load(seed=0)
    assert list(data.splits) == ["train", "validation", "test"]
    assert len(data.splits["validation"]) == 8


def test_the_validation_share_follows_the_seed_of_the_run(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, x_train=np.arange(100.0)[:, None], y_train=np.arange(100) % 2)

    def chosen(seed: int) -> bytes:
        samples = dataset(path, validation=0.2).load(seed=seed).splits["validation"]
        out = np.empty((20, 1), np.float32)
        samples.gather(np.arange(20), out)
        return out.tobytes()

    assert chosen(0) == chosen(0)
    assert chosen(0) != chosen(1)


def test_auto_values_are_those_of_the_training_split_alone(arrays: Path) -> None:
    chosen = dataset(arrays, transforms=["normalize"])
    data = chosen.load(seed=0)
    out = np.empty((40, 6, 6, 1), np.float32)
    data.splits["train"].gather(np.arange(40), out)
    assert abs(out.mean()) < 1e-5
    assert abs(out.std() - 1) < 1e-5
    mean = data.preprocessing["transforms"][0]["mean"]
    raw = dataset(arrays).load(seed=0)
    raw.splits["train"].gather(np.arange(40), out)
    np.testing.assert_allclose(mean, out.mean(axis=(0, 1, 2)), rtol=1e-5)


def test_augmentation_touches_training_only(arrays: Path) -> None:
    data = dataset(arrays, augment=["random_flip"]).load(seed=0)
    plain, changed = np.empty((2, 8, 6, 6, 1), np.float32)
    for split, differs in (("train", True), ("validation", False)):
        data.splits[split].gather(np.arange(8), plain)
        data.splits[split].gather(np.arange(8), changed, augment=(0, 1))
        assert np.array_equal(plain, changed) is not differs


@pytest.mark.parametrize(
    ("fields", "loc"),
    [
        ({"transforms": ["normalize", {"type": "resize", "size": [2, 2]}]}, ("transforms", 1)),
        ({"transforms": [{"type": "normalize", "mean": [1.0, 2.0]}]}, ("transforms", 0, "mean")),
        ({"augment": ["random_flip"]}, ("augment", 0)),
    ],
)
def test_a_step_that_does_not_suit_the_samples_is_placed(
    tmp_path: Path, fields: dict[str, Any], loc: tuple[str | int, ...]
) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, x_train=np.zeros((4, 3)), y_train=np.arange(4))
    chosen = dataset(path, **fields)
    for read in (chosen.describe, lambda: chosen.load(seed=0)):
        with pytest.raises(ShapeError) as caught:
            read()
        assert caught.value.loc == ("dataset", *loc)


def test_samples_of_another_shape_than_the_models_are_a_data_error(
    arrays: Path, tmp_path: Path
) -> None:
    trained = dataset(arrays).load(seed=0)
    np.savez(tmp_path / "new.npz", x_test=np.zeros((2, 7, 7, 1), np.uint8), y_test=np.arange(2))
    with pytest.raises(DataError, match=r"shape \(7, 7, 1\).* trained on \(6, 6, 1\)"):
        dataset(tmp_path / "new.npz").load(
            seed=0, preprocessing=trained.preprocessing, class_names=trained.class_names
        )


def test_data_of_another_place_can_be_taken_whole(class_folders: Path) -> None:
    fields = {"type": "image_folder", "path": str(class_folders), "validation": 0.2, "test": 0.2}
    data = Dataset.parse(fields).without_shares().load(seed=0)
    assert {name: len(split) for name, split in data.splits.items()} == {"train": 20}
    named = Dataset.parse({**fields, "validation": "train"}).without_shares()
    assert named.validation == "train"
