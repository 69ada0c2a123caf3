"""How a CIFAR set is found or fetched, described and read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.data.archives import extract
from dltrain.data.cifar_catalog import IMAGE, CifarSet, Labelling
from dltrain.data.cifar_files import (
    Found,
    FoundFile,
    find_files,
    is_complete,
    samples_of,
    what_is_missing,
)
from dltrain.data.download import cache_folder, fetch
from dltrain.data.parts import Part, Reading, Stored
from dltrain.data.samples import DataFacts
from dltrain.data.scaling import divisor_of
from dltrain.data.stores import ArrayStore
from dltrain.data.targets import check_labels

_CHUNK = 1000
"""Records that are turned from planes to pixels at once."""


def describe_cifar(entry: CifarSet, labelling: Labelling, path: str | None) -> DataFacts:
    """Tell what a set holds: by its files, or by the catalogue before they are fetched."""
    counts = {split: sum(file.records for file in files) for split, files in entry.files.items()}
    if path is not None:
        counts = samples_of(find_files(entry, Path(path)))
    names = labelling.names
    return DataFacts(IMAGE, len(names), names, "labels", (), counts)


def read_cifar(entry: CifarSet, labelling: Labelling, path: str | None, reading: Reading) -> Stored:
    """Read a set from a folder, or from the cache, fetching it first if need be.

    What the folder lacks is a warning; DataError where a file is damaged.
    """
    found = find_files(entry, Path(path) if path is not None else _fetched(entry, reading))
    missing = what_is_missing(entry, found)
    if missing is not None:
        reading.warn(missing)
    return Stored(_parts(entry, labelling, found), labelling.names)


def _fetched(entry: CifarSet, reading: Reading) -> Path:
    """Give the folder in the cache that holds the whole set."""
    inside = cache_folder(entry) / entry.inside
    if is_complete(entry, inside):
        return inside
    names = [file.name for files in entry.files.values() for file in files]
    folder = fetch(
        entry,
        [entry.archive],
        instead=", ".join(names),
        offline=reading.offline,
        announce=reading.announce,
    )
    archive = folder / entry.archive.name
    inside.mkdir(exist_ok=True)
    extract(archive, {f"{entry.inside}/{name}": inside / name for name in names})
    if not is_complete(entry, inside):
        raise DataError("the archive holds files of other sizes than published", at=str(archive))
    # All of it is unpacked now, and takes as much room again.
    archive.unlink()
    return inside


def _parts(entry: CifarSet, labelling: Labelling, found: Found) -> dict[str, Part]:
    parts = {}
    for split, files in found.items():
        count = sum(file.records for file in files)
        pixels, labels = np.empty((count, *IMAGE), np.uint8), np.empty(count, np.int32)
        start = 0
        for file in files:
            rows = slice(start, start + file.records)
            _read(file, entry.labels, labelling, pixels[rows], labels[rows])
            start += file.records
        parts[split] = Part(ArrayStore(pixels, divisor_of(pixels.dtype)), labels)
    return parts


def _read(
    file: FoundFile,
    label_bytes: int,
    labelling: Labelling,
    pixels: NDArray[Any],
    labels: NDArray[Any],
) -> None:
    """Fill the arrays from a file's records."""
    height, width, channels = IMAGE
    length = label_bytes + height * width * channels
    with file.path.open("rb") as stream:
        for start in range(0, file.records, _CHUNK):
            rows = slice(start, min(start + _CHUNK, file.records))
            count = rows.stop - rows.start
            records = np.frombuffer(stream.read(count * length), np.uint8).reshape(count, length)
            labels[rows] = records[:, labelling.column]
            planes = records[:, label_bytes:].reshape(count, channels, height, width)
            pixels[rows] = planes.transpose(0, 2, 3, 1)
    check_labels(labels, len(labelling.names), at=str(file.path))
