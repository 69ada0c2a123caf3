"""Which files of a CIFAR set a folder holds, all of them or some, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dltrain.core.errors import DataError
from dltrain.data.cifar_catalog import CifarSet, RecordFile


@dataclass(frozen=True)
class FoundFile:
    """A file that is there; it may hold fewer records than the published one."""

    path: Path
    records: int
    published: RecordFile


Found = dict[str, tuple[FoundFile, ...]]
"""The files of each split; a split without any is left out."""


def find_files(entry: CifarSet, folder: Path) -> Found:
    """Find the files of a set in a folder, or in the one that its archive unpacks to there.

    Raises: DataError where there is none, or one is damaged.
    """
    for place in (folder, folder / entry.inside):
        found = {split: _find_split(entry, split, place) for split in entry.files}
        found = {split: files for split, files in found.items() if files}
        if found:
            return found
    names = [file.name for files in entry.files.values() for file in files]
    wrong = "the folder holds no file of it"
    if not folder.is_dir():
        wrong = "this is a file, not a folder" if folder.exists() else "there is no such folder"
    raise DataError(
        f"{entry.title} is not here: {wrong}",
        at=str(folder),
        hint=f"unpack the binary version, {entry.archive.name}, there ({', '.join(names)}), "
        "or leave `dataset.path` out to fetch it",
    )


def is_complete(entry: CifarSet, folder: Path) -> bool:
    """Tell whether a folder holds every file with its published size."""
    return all(
        (folder / file.name).is_file()
        and (folder / file.name).stat().st_size == file.records * entry.record_bytes
        for files in entry.files.values()
        for file in files
    )


def samples_of(found: Found) -> dict[str, int]:
    """Count the samples of each split."""
    return {split: sum(file.records for file in files) for split, files in found.items()}


def what_is_missing(entry: CifarSet, found: Found) -> str | None:
    """Say what a set lacks and how many samples are used; None where it is whole."""
    counts = samples_of(found)
    texts = []
    for split, published in entry.files.items():
        whole = sum(file.records for file in published)
        count = counts.get(split, 0)
        if count < whole:
            reasons = _reasons(published, found.get(split, ()))
            texts.append(f"{count:,} of {whole:,} {split} samples ({reasons})")
    return (
        f"{entry.title} is not complete, and used as it is: {', '.join(texts)}" if texts else None
    )


def _reasons(published: tuple[RecordFile, ...], there: tuple[FoundFile, ...]) -> str:
    names = {file.published.name for file in there}
    absent = [file.name for file in published if file.name not in names]
    short = [file for file in there if file.records < file.published.records]
    texts = [f"no {', '.join(absent)}"] if absent else []
    texts += [
        f"{file.path.name} has {file.records:,} of {file.published.records:,}" for file in short
    ]
    return "; ".join(texts)


def _find_split(entry: CifarSet, split: str, folder: Path) -> tuple[FoundFile, ...]:
    found = []
    for published in entry.files[split]:
        path = _find(folder, published)
        if path is not None:
            found.append(FoundFile(path, _count(entry, path, published), published))
    return tuple(found)


def _find(folder: Path, published: RecordFile) -> Path | None:
    """Find a file, or else a part of it: test_batch_first2000.bin is one of test_batch.bin."""
    whole = folder / published.name
    if whole.is_file():
        return whole
    parts = sorted(folder.glob(f"{whole.stem}_*{whole.suffix}"))
    if len(parts) > 1:
        names = ", ".join(part.name for part in parts)
        raise DataError(
            f"several files may be {published.name}: {names}",
            at=str(folder),
            hint=f"leave one of them there, or name it {published.name}",
        )
    return parts[0] if parts else None


def _count(entry: CifarSet, path: Path, published: RecordFile) -> int:
    """Count the records of a file by its size."""
    size, length = path.stat().st_size, entry.record_bytes
    count, rest = divmod(size, length)
    if count and not rest and count <= published.records:
        return count
    wrong = f"is no whole number of records of {length:,} bytes"
    if not rest:
        wrong = f"is more than the {published.records:,} published records" if size else "is empty"
    raise DataError(
        f"the file is damaged: its size of {size:,} bytes {wrong}",
        at=str(path),
        hint=f"unpack {entry.archive.name} again",
    )
