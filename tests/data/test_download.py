from __future__ import annotations

import gc
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import DataError
from dltrain.data.catalog import MNIST, CataloguedFile, CataloguedSet
from dltrain.data.catalogued import describe_catalogued, read_catalogued
from dltrain.data.parts import Reading
from dltrain.data.sources.base import Dataset


@pytest.fixture
def tiny(mirror: Path, write_idx: Any) -> CataloguedSet:
    """A set of four small files that a local server offers."""
    made = []
    (mirror / "tiny").mkdir()
    for split in ("train", "test"):
        pixels, labels = np.zeros((6, 2, 2), np.uint8), np.arange(6, dtype=np.uint8) % 2
        for what, array in (("images", pixels), ("labels", labels)):
            path = write_idx(mirror / "tiny" / f"{split}-{what}.gz", array)
            content = path.read_bytes()
            made.append(CataloguedFile(path.name, len(content), sha256(content).hexdigest()))
    return CataloguedSet(
        title="Tiny",
        folder="tiny",
        licence="CC0",
        url="http://127.0.0.1:1/",
        files={"train": (made[0], made[1]), "test": (made[2], made[3])},
        samples={"train": 6, "test": 6},
        shape=(2, 2, 1),
        class_names=("a", "b"),
    )


def test_a_set_is_announced_fetched_once_and_kept(tiny: CataloguedSet, tmp_path: Path) -> None:
    said: list[str] = []
    assert describe_catalogued(tiny, None).samples == {"train": 6, "test": 6}
    stored = read_catalogued(tiny, None, Reading(0, False, said.append))
    assert len(stored.parts["train"].targets) == 6
    assert len(said) == 1
    assert "MB" in said[0]
    assert "licence: CC0" in said[0]
    read_catalogued(tiny, None, Reading(0, True, said.append))
    assert len(said) == 1
    assert sorted(path.name for path in (tmp_path / "cache/datasets/tiny").iterdir()) == [
        "test-images.gz",
        "test-labels.gz",
        "train-images.gz",
        "train-labels.gz",
    ]


def test_a_file_with_another_sum_is_refused_and_not_kept(
    tiny: CataloguedSet, tmp_path: Path
) -> None:
    (tmp_path / "www" / "tiny" / "train-images.gz").write_bytes(b"something else")
    with pytest.raises(DataError, match="SHA-256 differs"):
        read_catalogued(tiny, None, Reading(0, False, print))
    assert not list((tmp_path / "cache" / "datasets" / "tiny").iterdir())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_server_without_the_file_is_a_data_error(tiny: CataloguedSet, tmp_path: Path) -> None:
    (tmp_path / "www" / "tiny" / "train-images.gz").unlink()
    with pytest.raises(DataError, match="could not be fetched"):
        read_catalogued(tiny, None, Reading(0, False, print))
    # The fetching library leaves a refused connection to the garbage collector, with a warning.
    gc.collect()


def test_no_server_at_all_is_a_data_error(
    tiny: CataloguedSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTRAIN_DATA_MIRROR", "http://127.0.0.1:1")
    with pytest.raises(DataError, match="could not be fetched"):
        read_catalogued(tiny, None, Reading(0, False, print))


def test_offline_forbids_to_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTRAIN_OFFLINE", "1")
    monkeypatch.setenv("DLTRAIN_CACHE_DIR", str(tmp_path))
    with pytest.raises(DataError, match="DLTRAIN_OFFLINE forbids"):
        Dataset.parse("mnist").load(seed=0)


def test_before_it_is_fetched_a_set_is_described_by_the_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTRAIN_CACHE_DIR", str(tmp_path))
    facts = Dataset.parse({"type": "mnist", "validation": 0.1}).describe()
    assert facts is not None
    assert facts.samples == {"train": 54_000, "validation": 6_000, "test": 10_000}


def test_a_folder_without_the_files_names_the_place_and_the_files(tmp_path: Path) -> None:
    (tmp_path / MNIST.files["test"][0].name.removesuffix(".gz")).touch()
    dataset = Dataset.parse({"type": "mnist", "path": str(tmp_path)})
    for read in (dataset.describe, lambda: dataset.load(seed=0)):
        with pytest.raises(DataError, match="lacks files") as caught:
            read()
        assert caught.value.at == str(tmp_path)
        assert "train-images-idx3-ubyte.gz" in (caught.value.hint or "")
        assert "t10k-images" not in (caught.value.hint or "")


def test_labels_of_a_catalogued_set_are_checked(tmp_path: Path, write_idx: Any) -> None:
    for images, labels in MNIST.files.values():
        write_idx(tmp_path / images.name, np.zeros((3, 28, 28), np.uint8))
        write_idx(tmp_path / labels.name, np.array([0, 10, 1], np.uint8))
    with pytest.raises(DataError, match="sample 1 has 10"):
        Dataset.parse({"type": "mnist", "path": str(tmp_path)}).load(seed=0)
