from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.data.catalog import CataloguedFile
from dltrain.data.cifar_catalog import (
    CIFAR10,
    CIFAR10_LABELS,
    CIFAR100_COARSE,
    CIFAR100_FINE,
    CifarSet,
    RecordFile,
)
from dltrain.data.cifar_sets import describe_cifar, read_cifar
from dltrain.data.parts import Reading
from dltrain.data.samples import Data
from dltrain.data.sources.base import Dataset


def records(labels: list[list[int]], seed: int = 0) -> tuple[bytes, NDArray[np.uint8]]:
    """Give the bytes of a file, and its images [n, height, width, channel]."""
    images = np.random.default_rng(seed).integers(0, 256, (len(labels), 32, 32, 3), np.uint8)
    content = b"".join(
        bytes(label) + b"".join(image[:, :, channel].tobytes() for channel in range(3))
        for label, image in zip(labels, images, strict=True)
    )
    return content, images


def load(path: Path, kind: str = "cifar10", **fields: Any) -> tuple[Data, list[str]]:
    warned: list[str] = []
    dataset = Dataset.parse({"type": kind, "path": str(path), **fields})
    return dataset.load(seed=0, warn=warned.append), warned


def test_planes_become_pixels_and_the_first_byte_a_label(tmp_path: Path) -> None:
    content, images = records([[3], [9]])
    (tmp_path / "data_batch_1.bin").write_bytes(content)
    data, _ = load(tmp_path)
    seen = np.empty((2, 32, 32, 3), np.float32)
    data.splits["train"].gather(np.arange(2), seen)
    np.testing.assert_array_equal(seen, images.astype(np.float32) / np.float32(255))
    assert [data.class_names[label] for label in data.splits["train"].targets] == ["cat", "truck"]


@pytest.mark.parametrize(
    ("mode", "label", "names"), [("coarse", 19, CIFAR100_COARSE), ("fine", 98, CIFAR100_FINE)]
)
def test_the_hundred_have_two_labels(tmp_path: Path, mode: str, label: int, names: Any) -> None:
    for file in ("train.bin", "test.bin"):
        (tmp_path / file).write_bytes(records([[19, 98]])[0])
    data, _ = load(tmp_path, "cifar100", label_mode=mode)
    assert data.splits["train"].targets.tolist() == data.splits["test"].targets.tolist() == [label]
    assert data.class_names == names.names


def test_files_are_joined_in_their_order_also_from_the_folder_above(tmp_path: Path) -> None:
    inside = tmp_path / "cifar-10-batches-bin"
    inside.mkdir()
    for number in (2, 1):
        content, _ = records([[number], [number]], seed=number)
        (inside / f"data_batch_{number}.bin").write_bytes(content)
    for path in (inside, tmp_path):
        data, _ = load(path)
        assert data.splits["train"].targets.tolist() == [1, 1, 2, 2]
    assert Dataset.parse({"type": "cifar10", "path": str(tmp_path)}).describe().samples == {
        "train": 4
    }


def test_what_is_missing_is_a_warning_with_the_samples_used(tmp_path: Path) -> None:
    (tmp_path / "data_batch_1.bin").write_bytes(records([[1]] * 10_000)[0])
    (tmp_path / "data_batch_3.bin").write_bytes(records([[1]] * 10_000)[0])
    (tmp_path / "test_batch_first7.bin").write_bytes(records([[1]] * 7)[0])
    data, warned = load(tmp_path)
    assert len(data.splits["test"]) == 7
    assert warned == [
        "CIFAR-10 is not complete, and used as it is: 20,000 of 50,000 train samples (no "
        "data_batch_2.bin, data_batch_4.bin, data_batch_5.bin), 7 of 10,000 test samples "
        "(test_batch_first7.bin has 7 of 10,000)"
    ]


def test_a_whole_set_warns_of_nothing(tmp_path: Path) -> None:
    content, _ = records([[1]] * 10_000)
    for name in (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"):
        (tmp_path / name).write_bytes(content)
    data, warned = load(tmp_path)
    assert {name: len(split) for name, split in data.splits.items()} == {
        "train": 50_000,
        "test": 10_000,
    }
    assert warned == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (records([[1]] * 3)[0][:-1], "no whole number of records"),
        (b"", "is empty"),
        (records([[1]] * 10_001)[0], "more than the 10,000 published"),
        (records([[1], [10], [1]])[0], "sample 1 has 10"),
    ],
)
def test_a_damaged_file_is_a_data_error_that_names_it(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "test_batch.bin"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        load(tmp_path)
    assert caught.value.at == str(path)
    assert caught.value.exit_code == 3


def test_two_parts_of_one_file_are_refused(tmp_path: Path) -> None:
    for name in ("test_batch_a.bin", "test_batch_b.bin"):
        (tmp_path / name).write_bytes(records([[1]])[0])
    with pytest.raises(DataError, match=r"several files may be test_batch\.bin"):
        load(tmp_path)


def test_a_folder_without_the_files_says_which_archive_holds_them(tmp_path: Path) -> None:
    for path, wrong in ((tmp_path, "holds no file"), (tmp_path / "x", "no such folder")):
        with pytest.raises(DataError, match=wrong) as caught:
            load(path)
        assert "cifar-10-binary.tar.gz" in (caught.value.hint or "")


def test_the_real_files_are_found_and_the_lack_of_others_told(
    real: Callable[[str], Path],
) -> None:
    data, warned = load(real("cifar10"), validation=0.1)
    assert {name: len(split) for name, split in data.splits.items()} == {
        "train": 9_000,
        "validation": 1_000,
        "test": 2_000,
    }
    assert data.splits["test"].targets[:5].tolist() == [3, 8, 8, 0, 6]
    assert "2,000 of 10,000 test samples" in warned[0]


Member = tuple[str, bytes]


@pytest.fixture
def offered(tmp_path: Path, mirror: Path) -> Callable[..., CifarSet]:
    """Put an archive of two files, and of more members, where a local server offers it."""

    def offer(*more: tarfile.TarInfo | Member, skip: str | None = None) -> CifarSet:
        files = {"train": (RecordFile("train.bin", 4),), "test": (RecordFile("test.bin", 2),)}
        members = [
            (f"tiny-bin/{file.name}", records([[n] for n in range(file.records)])[0])
            for split in files.values()
            for file in split
            if file.name != skip
        ]
        (mirror / "tiny").mkdir()
        path = mirror / "tiny" / "tiny.tar.gz"
        with tarfile.open(path, "w:gz") as tar:
            for member in (*more, *members):
                info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member[0])
                content = b"" if isinstance(member, tarfile.TarInfo) else member[1]
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        content = path.read_bytes()
        archive = CataloguedFile(path.name, len(content), sha256(content).hexdigest())
        return replace(
            CIFAR10, title="Tiny", folder="tiny", inside="tiny-bin", files=files, archive=archive
        )

    return offer


def link(name: str, to: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return info


def test_a_set_is_announced_fetched_once_and_unpacked(
    offered: Callable[..., CifarSet], tmp_path: Path
) -> None:
    entry, said = offered(), []
    assert describe_cifar(entry, CIFAR10_LABELS, None).samples == {"train": 4, "test": 2}
    for _ in range(2):
        stored = read_cifar(entry, CIFAR10_LABELS, None, Reading(0, False, said.append))
        assert stored.parts["train"].targets.tolist() == [0, 1, 2, 3]
    assert len(said) == 1
    assert said[0].startswith("fetching Tiny: 0.")
    folder = tmp_path / "cache" / "datasets" / "tiny"
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")) == [
        "tiny-bin",
        "tiny-bin/test.bin",
        "tiny-bin/train.bin",
    ]


def test_what_a_killed_unpacking_left_is_made_whole(
    offered: Callable[..., CifarSet], tmp_path: Path
) -> None:
    entry = offered()
    read_cifar(entry, CIFAR10_LABELS, None, Reading(0, False, str))
    (tmp_path / "cache" / "datasets" / "tiny" / "tiny-bin" / "train.bin").write_bytes(b"half")
    stored = read_cifar(entry, CIFAR10_LABELS, None, Reading(0, False, str))
    assert len(stored.parts["train"].targets) == 4


@pytest.mark.parametrize(
    "trap",
    [
        ("../escaped.bin", b"x"),
        ("/dltrain-escaped.bin", b"x"),
        ("tiny-bin/../../../escaped.bin", b"x"),
        ("tiny-bin/more.bin", b"x"),
        link("tiny-bin/train.bin", "../../../escaped.bin"),
        link("tiny-bin", "../../../escaped"),
        link("tiny-bin/train.bin", "/etc/passwd", tarfile.LNKTYPE),
    ],
    ids=str,
)
def test_only_the_files_of_the_set_are_written_whatever_an_archive_holds(
    offered: Callable[..., CifarSet], tmp_path: Path, trap: tarfile.TarInfo | Member
) -> None:
    entry = offered(trap)
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    stored = read_cifar(entry, CIFAR10_LABELS, None, Reading(0, False, str))
    assert stored.parts["train"].targets.tolist() == [0, 1, 2, 3]
    inside = tmp_path / "cache" / "datasets" / "tiny" / "tiny-bin"
    written = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert written == {inside / "train.bin", inside / "test.bin"}
    assert not (inside / "train.bin").is_symlink()
    assert not Path("/dltrain-escaped.bin").exists()


def test_an_archive_that_lacks_a_file_is_refused(offered: Callable[..., CifarSet]) -> None:
    entry = offered(link("tiny-bin/test.bin", "train.bin"), skip="test.bin")
    with pytest.raises(DataError, match=r"holds no file tiny-bin/test\.bin"):
        read_cifar(entry, CIFAR10_LABELS, None, Reading(0, False, str))


def test_an_archive_with_another_sum_is_refused_and_not_unpacked(
    offered: Callable[..., CifarSet], tmp_path: Path, mirror: Path
) -> None:
    entry = offered()
    with (mirror / "tiny" / "tiny.tar.gz").open("ab") as stream:
        stream.write(b"more")
    with pytest.raises(DataError, match="SHA-256 differs"):
        read_cifar(entry, CIFAR10_LABELS, None, Reading(0, False, str))
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_damaged_archive_is_a_data_error(offered: Callable[..., CifarSet], mirror: Path) -> None:
    entry, path = offered(), mirror / "tiny" / "tiny.tar.gz"
    path.write_bytes(path.read_bytes()[:-2000])
    content = path.read_bytes()
    archive = CataloguedFile(path.name, len(content), sha256(content).hexdigest())
    with pytest.raises(DataError, match="the archive is damaged"):
        read_cifar(replace(entry, archive=archive), CIFAR10_LABELS, None, Reading(0, False, str))


def test_offline_forbids_to_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTRAIN_OFFLINE", "1")
    monkeypatch.setenv("DLTRAIN_CACHE_DIR", str(tmp_path))
    with pytest.raises(DataError, match="DLTRAIN_OFFLINE forbids") as caught:
        Dataset.parse("cifar100").load(seed=0)
    assert "train.bin, test.bin" in (caught.value.hint or "")
