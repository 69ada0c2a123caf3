from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import DataError
from dltrain.data import stores
from dltrain.data.samples import Data
from dltrain.data.sources.base import Dataset

Write = Callable[..., Path]


def dataset(path: Path, **fields: Any) -> Dataset:
    return Dataset.parse({"type": "image_folder", "path": str(path), **fields})


def values(data: Data, split: str) -> list[int]:
    samples = data.splits[split]
    out = np.empty((len(samples), *samples.shape), np.float32)
    samples.gather(np.arange(len(samples)), out)
    return [round(float(sample.mean()) * 255) for sample in out]


def test_class_folders_name_the_classes_and_shares_make_the_splits(class_folders: Path) -> None:
    data = dataset(class_folders, validation=0.25, test=0.2).load(seed=1)
    assert data.class_names == ("cat", "dog")
    assert {name: len(split) for name, split in data.splits.items()} == {
        "train": 12,
        "validation": 4,
        "test": 4,
    }
    seen = sorted(value for split in data.splits for value in values(data, split))
    assert seen == [*range(10), *range(100, 110)]
    for split, samples in data.splits.items():
        wanted = [value // 100 for value in values(data, split)]
        assert samples.targets.tolist() == wanted


def test_facts_agree_with_what_is_loaded(class_folders: Path) -> None:
    chosen = dataset(
        class_folders, validation=0.25, test=0.2, transforms=[{"type": "resize", "size": [8, 8]}]
    )
    facts, data = chosen.describe(), chosen.load(seed=0)
    assert facts is not None
    assert facts.input_shape == data.input_shape == (8, 8, 1)
    assert facts.samples == {name: len(split) for name, split in data.splits.items()}


def test_folders_train_val_and_test_are_splits(class_folders: Path, tmp_path: Path) -> None:
    for split in ("train", "val", "test"):
        shutil.copytree(class_folders, tmp_path / "split" / split)
    data = dataset(tmp_path / "split").load(seed=0)
    assert {name: len(split) for name, split in data.splits.items()} == {
        "train": 20,
        "validation": 20,
        "test": 20,
    }


def test_a_split_can_be_named_for_validation(class_folders: Path, tmp_path: Path) -> None:
    for split in ("train", "test"):
        shutil.copytree(class_folders, tmp_path / "split" / split)
    assert (
        len(dataset(tmp_path / "split", validation="test").load(seed=0).splits["validation"]) == 20
    )
    wrong = dataset(tmp_path / "split", validation="dev")
    for read in (wrong.describe, lambda: wrong.load(seed=0)):
        with pytest.raises(DataError, match="no split called 'dev'; there are train, test"):
            read()


def test_an_empty_class_folder_is_a_data_error(class_folders: Path) -> None:
    (class_folders / "emu").mkdir()
    for read in (dataset(class_folders).describe, lambda: dataset(class_folders).load(seed=0)):
        with pytest.raises(DataError, match="empty") as caught:
            read()
        assert caught.value.at == str(class_folders / "emu")


def test_odd_files_are_left_out_and_reported(class_folders: Path) -> None:
    (class_folders / "cat" / "notes.txt").write_text("no image")
    (class_folders / "cat" / ".DS_Store").write_text("")
    said: list[str] = []
    data = dataset(class_folders).load(seed=0, announce=said.append)
    assert len(data.splits["train"]) == 20
    assert len(said) == 1
    assert "notes.txt" in said[0]


def test_a_damaged_image_is_named(class_folders: Path) -> None:
    path = class_folders / "cat" / "3.png"
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(DataError) as caught:
        dataset(class_folders).load(seed=0)
    assert caught.value.at == str(path)


def test_another_size_is_an_error_with_both_sizes_unless_resized(
    class_folders: Path, write_image: Write
) -> None:
    write_image(class_folders / "dog" / "big.png", np.zeros((30, 50), np.uint8))
    with pytest.raises(DataError, match="50 x 30 pixels, where 6 x 4"):
        dataset(class_folders).load(seed=0)
    resized = dataset(class_folders, transforms=[{"type": "resize", "size": [5, 5]}]).load(seed=0)
    assert len(resized.splits["train"]) == 21


def test_one_colour_image_makes_all_of_them_colour(class_folders: Path, write_image: Write) -> None:
    write_image(class_folders / "dog" / "red.png", np.zeros((4, 6, 3), np.uint8))
    assert dataset(class_folders).load(seed=0).input_shape == (4, 6, 3)


def test_a_folder_without_classes_and_a_missing_one_are_data_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no class folders"):
        dataset(tmp_path).describe()
    with pytest.raises(DataError, match="no such folder"):
        dataset(tmp_path / "absent").load(seed=0)


def test_a_class_that_training_does_not_know_is_named_with_its_neighbour(
    class_folders: Path, tmp_path: Path
) -> None:
    shutil.copytree(class_folders, tmp_path / "split" / "train")
    shutil.copytree(class_folders / "dog", tmp_path / "split" / "test" / "dogs")
    with pytest.raises(DataError, match="'dogs' is not one of the classes") as caught:
        dataset(tmp_path / "split").load(seed=0)
    assert caught.value.hint == "did you mean `dog`?"


def test_images_beyond_the_budget_are_read_batch_by_batch_with_the_same_values(
    class_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = dataset(class_folders, transforms=[{"type": "resize", "size": [8, 8]}, "normalize"])
    in_memory = chosen.load(seed=0)
    monkeypatch.setattr(stores, "MEMORY_BUDGET", 0)
    streamed = chosen.load(seed=0)
    assert streamed.fingerprint == in_memory.fingerprint
    assert values(streamed, "train") == values(in_memory, "train")


def test_the_fingerprint_follows_the_content_not_the_place(
    class_folders: Path, tmp_path: Path, write_image: Write
) -> None:
    before = dataset(class_folders).load(seed=0).fingerprint
    moved = shutil.copytree(class_folders, tmp_path / "elsewhere")
    assert dataset(moved).load(seed=5).fingerprint == before
    write_image(moved / "cat" / "0.png", np.full((4, 6), 77, np.uint8))
    assert dataset(moved).load(seed=0).fingerprint != before


def test_new_data_are_prepared_as_the_trained_model_wants(
    class_folders: Path, tmp_path: Path, write_image: Write
) -> None:
    trained = dataset(class_folders, transforms=["normalize"]).load(seed=0)
    write_image(tmp_path / "new" / "dog" / "a.png", np.full((4, 6, 3), 100, np.uint8))
    new = dataset(tmp_path / "new", transforms=["normalize"]).load(
        seed=0, preprocessing=trained.preprocessing, class_names=trained.class_names
    )
    assert new.preprocessing == trained.preprocessing
    assert new.splits["train"].targets.tolist() == [1]
    assert new.input_shape == trained.input_shape


def test_a_folder_without_class_folders_is_told_for_a_trained_model_too(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no class folders"):
        dataset(tmp_path).load(seed=0, class_names=("cat", "dog"))
