"""How a catalogued set of IDX files is found, described and read."""

from __future__ import annotations

from pathlib import Path

from dltrain.core.errors import DataError
from dltrain.data.catalog import CataloguedFile, CataloguedSet
from dltrain.data.download import cache_folder, fetch
from dltrain.data.idx_sets import Pair, read_pairs, shapes_of
from dltrain.data.parts import Reading, Stored
from dltrain.data.samples import DataFacts
from dltrain.data.targets import check_labels


def describe_catalogued(entry: CataloguedSet, path: str | None) -> DataFacts:
    """Tell what a set holds: by its files, or by the catalogue before they are fetched."""
    shape, counts = entry.shape, entry.samples
    folder = cache_folder(entry) if path is None else Path(path)
    if path is not None or not absent_files(entry, folder):
        shape, counts = shapes_of(_pairs(entry, folder))
    names = entry.class_names
    return DataFacts(shape, len(names), names, "labels", (), dict(counts))


def read_catalogued(entry: CataloguedSet, path: str | None, reading: Reading) -> Stored:
    """Read a set from a folder, or from the cache, fetching it first if need be."""
    folder = Path(path) if path is not None else _fetched(entry, reading)
    pairs = _pairs(entry, folder)
    parts = read_pairs(pairs)
    for name, part in parts.items():
        check_labels(part.targets, len(entry.class_names), at=str(pairs[name][1]))
    return Stored(parts, entry.class_names)


def find_file(folder: Path, file: CataloguedFile) -> Path | None:
    """Find a file, packed or unpacked, in a folder."""
    for name in (file.name, file.name.removesuffix(".gz")):
        if (folder / name).is_file():
            return folder / name
    return None


def absent_files(entry: CataloguedSet, folder: Path) -> list[CataloguedFile]:
    """Name the files of a set that a folder lacks."""
    files = [file for pair in entry.files.values() for file in pair]
    return [file for file in files if find_file(folder, file) is None]


def _fetched(entry: CataloguedSet, reading: Reading) -> Path:
    """Give the cache folder of a set with all its files in it."""
    folder = cache_folder(entry)
    absent = absent_files(entry, folder)
    if not absent:
        return folder
    names = ", ".join(file.name for file in absent)
    return fetch(entry, absent, instead=names, offline=reading.offline, announce=reading.announce)


def _pairs(entry: CataloguedSet, folder: Path) -> dict[str, Pair]:
    absent = absent_files(entry, folder)
    if absent:
        wrong = "there is no such folder" if not folder.is_dir() else "the folder lacks files of it"
        raise DataError(
            f"{entry.title} is not here: {wrong}",
            at=str(folder),
            hint=f"put {', '.join(file.name for file in absent)} there (as they are, or unpacked), "
            "or leave `dataset.path` out to fetch them",
        )
    found: dict[str, Pair] = {}
    for name, (images, labels) in entry.files.items():
        image_file, label_file = find_file(folder, images), find_file(folder, labels)
        if image_file is not None and label_file is not None:
            found[name] = (image_file, label_file)
    return found
