"""Data that are missing or wrong end with 3, name the file, and are left as they were."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.e2e.conftest import GOOD, Run, contents

DIGITS = "{type: digits, validation: 0.1}"
IDX = (
    "{type: idx, train: {images: train-images, labels: train-labels},"
    " test: {images: test-images, labels: test-labels}}"
)


def write_idx(path: Path, array: NDArray[np.uint8]) -> None:
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    path.write_bytes(header + array.tobytes())


def write_config(folder: Path, dataset: str) -> None:
    (folder / "config.yaml").write_text(GOOD.replace(DIGITS, dataset), encoding="utf-8")


@pytest.fixture
def idx(here: Path) -> Path:
    """Give a folder with IDX files of ten classes and the config that trains on them."""
    generator = np.random.default_rng(0)
    for split, count in (("train", 40), ("test", 20)):
        write_idx(here / f"{split}-images", generator.integers(0, 256, (count, 8, 8), np.uint8))
        write_idx(here / f"{split}-labels", np.arange(count, dtype=np.uint8) % 10)
    write_config(here, IDX)
    return here


@pytest.fixture
def mnist(here: Path) -> Path:
    """Give a folder with a few images under the names of MNIST's files, and its config."""
    generator = np.random.default_rng(0)
    for split, count in (("train", 40), ("t10k", 20)):
        images = generator.integers(0, 256, (count, 28, 28), np.uint8)
        write_idx(here / f"{split}-images-idx3-ubyte", images)
        write_idx(here / f"{split}-labels-idx1-ubyte", np.arange(count, dtype=np.uint8) % 10)
    write_config(here, "{type: mnist, path: .}")
    return here


@pytest.fixture
def folders(here: Path) -> Path:
    """Give class folders with two images each, and the config that trains on them."""
    for label, name in enumerate(("cat", "dog")):
        (here / "photos" / name).mkdir(parents=True)
        for number in range(2):
            pixels = np.full((8, 8), 100 * label + number, np.uint8)
            Image.fromarray(pixels).save(here / "photos" / name / f"{number}.png")
    write_config(here, "{type: image_folder, path: photos}")
    config = here / "config.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace("units: 10", "units: classes"))
    return here


def refuse(run: Run, folder: Path, *words: str) -> None:
    """Hold a training to its refusal; no run is begun and no file changed."""
    before = contents(folder)
    run("fit", "config.yaml").refused(3, *words)
    assert contents(folder) == before


def test_small_data_in_every_form_are_trained_on(run: Run, idx: Path) -> None:
    assert run("fit", "config.yaml", "-q").code == 0


def test_class_folders_are_trained_on(run: Run, folders: Path) -> None:
    outcome = run("fit", "config.yaml", "-q", "--set", "dataset.test=0.5")
    assert outcome.code == 0, outcome.err


@pytest.mark.parametrize("kind", ["mnist", "cifar10", "image_folder", "npz", "csv_manifest"])
def test_a_missing_dataset_names_the_place(run: Run, here: Path, kind: str) -> None:
    write_config(here, f"{{type: {kind}, path: away/data}}")
    refuse(run, here, str(here / "away" / "data"), "there is no such", "try ")


def test_a_missing_idx_file_is_named(run: Run, idx: Path) -> None:
    (idx / "train-labels").rename(idx / "train-label")
    refuse(run, idx, f"{idx}/train-labels\n", "there is no such file", "train-label`?")


def test_a_published_set_is_not_fetched_where_that_is_forbidden(run: Run, here: Path) -> None:
    write_config(here, "mnist")
    refuse(run, here, "DLTRAIN_OFFLINE")


@pytest.mark.parametrize("kept", [0, 3, 10, 20, 1000])
def test_a_truncated_idx_file_is_named_with_what_is_missing(run: Run, idx: Path, kept: int) -> None:
    path = idx / "train-images"
    path.write_bytes(path.read_bytes()[:kept])
    refuse(run, idx, str(path), "IDX" if kept < 16 else "2,560 bytes")


def test_what_is_no_idx_file_is_told(run: Run, idx: Path) -> None:
    (idx / "train-images").write_text("these are no images", encoding="utf-8")
    refuse(run, idx, "train-images", "IDX")


def test_labels_and_images_of_another_number_are_refused(run: Run, idx: Path) -> None:
    write_idx(idx / "train-labels", np.zeros(39, np.uint8))
    refuse(run, idx, "40", "39")


def test_a_label_outside_the_classes_is_named(run: Run, mnist: Path) -> None:
    write_idx(mnist / "train-labels-idx1-ubyte", np.arange(40, dtype=np.uint8) % 11)
    refuse(run, mnist, "train-labels", "classes 0 to 9", "sample 10 has 10", "try ")


def test_a_set_with_only_some_of_its_files_is_used_with_a_warning(run: Run, here: Path) -> None:
    record = bytes([7]) + bytes(32 * 32 * 3)
    (here / "cifar").mkdir()
    (here / "cifar" / "data_batch_1.bin").write_bytes(40 * record)
    (here / "cifar" / "test_batch.bin").write_bytes(20 * record)
    write_config(here, "{type: cifar10, path: cifar}")
    told = "warning: CIFAR-10 is not complete, and used as it is: 40 of 50,000 train samples"
    for arguments in (("fit", "config.yaml", "-q"), ("evaluate", "runs/config")):
        outcome = run(*arguments)
        assert outcome.code == 0, outcome.err
        assert told in outcome.err
    (here / "cifar" / "test_batch.bin").write_bytes(20 * record + b"1")
    run("fit", "config.yaml").refused(3, str(here / "cifar" / "test_batch.bin"), "whole number")


def test_an_empty_class_folder_is_named(run: Run, folders: Path) -> None:
    (folders / "photos" / "bird").mkdir()
    refuse(run, folders, str(folders / "photos" / "bird"), "empty", "remove it")


def test_a_folder_without_classes_is_named(run: Run, here: Path) -> None:
    (here / "photos").mkdir()
    write_config(here, "{type: image_folder, path: photos}")
    refuse(run, here, str(here / "photos"), "no class folders", "try ")


@pytest.mark.parametrize("damage", ["truncated", "text", "empty"])
def test_an_image_that_cannot_be_read_is_named(run: Run, folders: Path, damage: str) -> None:
    path = folders / "photos" / "dog" / "1.png"
    whole = path.read_bytes()
    path.write_bytes({"truncated": whole[:50], "text": b"no image", "empty": b""}[damage])
    refuse(run, folders, str(path))


def test_an_image_of_another_size_is_told_with_both_sizes(run: Run, folders: Path) -> None:
    path = folders / "photos" / "dog" / "1.png"
    Image.fromarray(np.zeros((5, 6), np.uint8)).save(path)
    refuse(run, folders, str(path), "5", "8", "resize")


def test_evaluating_on_a_folder_without_classes_is_refused(
    run: Run, here: Path, trained: Path
) -> None:
    run("evaluate", trained, "--data", here).refused(3, str(here), "no class folders")


def test_evaluating_on_a_split_that_is_not_there_names_those_that_are(
    run: Run, trained: Path
) -> None:
    run("evaluate", trained, "--split", "tset").refused(3, "'tset'", "train, validation, test")
