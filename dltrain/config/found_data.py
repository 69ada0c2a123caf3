"""Which kind of data set lies somewhere."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from dltrain.config.found_tables import find_series, find_table
from dltrain.core.errors import DataError
from dltrain.data.images import SUFFIXES, read_header

_IDX_SPLITS = {"train": "train", "test": "t10k"}
_LOOKED_AT = 200
"""Images whose size is looked at."""


def find_dataset(data: Path, folder: Path) -> dict[str, Any]:
    """Give the `dataset` mapping for what lies at `data`, with paths as seen from `folder`.

    Raises: DataError where nothing is known.
    """
    if not data.exists():
        raise DataError("there is no such file or folder", at=str(data))
    files = [data] if data.is_file() else sorted(data.iterdir())
    found = _idx(files, folder) or _arrays(files, folder) or _manifest(files, folder)
    if found is None:
        seen = partial(seen_from, folder=folder)
        found = find_series(data, files, seen) or find_table(files, seen)
    if found is None and data.is_dir():
        found = _masks(data, folder)
    if found is None and data.is_dir() and any(_images(data)):
        found = {"type": "image_folder", "path": seen_from(data, folder)}
    if found is None:
        raise DataError(
            "nothing here is known as a data set",
            at=str(data),
            hint="put images in folders named like their classes there, or IDX, .npz, .ts or .csv "
            "files",
        )
    return found


def images_differ(dataset: dict[str, Any], folder: Path, limit: int) -> bool:
    """Tell whether the images of a data set have several sizes, or are larger than `limit`."""
    path = folder / dataset["path"]
    named = dataset["type"] == "csv_manifest"
    images = _listed(path, dataset["image"]) if named else _images(path)
    headers = [read_header(image) for image in islice(images, _LOOKED_AT)]
    sizes = {(header.height, header.width) for header in headers}
    return len(sizes) > 1 or any(max(size) > limit for size in sizes)


def seen_from(path: Path, folder: Path) -> str:
    """Write a path as it is read from a config in `folder`."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def _masks(data: Path, folder: Path) -> dict[str, Any] | None:
    """Find folders of images and of their masks, side by side."""
    for inside in (data, data / "train"):
        if (inside / "images").is_dir() and (inside / "masks").is_dir():
            return {"type": "segmentation_folder", "path": seen_from(data, folder)}
    return None


def _idx(files: list[Path], folder: Path) -> dict[str, Any] | None:
    splits: dict[str, Any] = {}
    for split, prefix in _IDX_SPLITS.items():
        images = _named(files, f"{prefix}-images")
        labels = _named(files, f"{prefix}-labels")
        if images and labels:
            splits[split] = {
                "images": seen_from(images, folder),
                "labels": seen_from(labels, folder),
            }
    return {"type": "idx", **splits} if "train" in splits else None


def _named(files: list[Path], prefix: str) -> Path | None:
    return next((file for file in files if file.name.startswith(prefix)), None)


def _arrays(files: list[Path], folder: Path) -> dict[str, Any] | None:
    arrays = [file for file in files if file.suffix == ".npz"]
    return {"type": "npz", "path": seen_from(arrays[0], folder)} if len(arrays) == 1 else None


def _manifest(files: list[Path], folder: Path) -> dict[str, Any] | None:
    """Find a CSV file with a column of image names; the column of labels is the one beside it."""
    for file in (file for file in files if file.suffix == ".csv"):
        with file.open(encoding="utf-8-sig", newline="", errors="replace") as stream:
            header, first = (next(rows, []) for rows in [csv.reader(stream)] * 2)
        columns = dict(zip(header, first, strict=False))
        image = next((name for name, value in columns.items() if _is_image(value)), None)
        others = [name for name in header if name not in (image, "split", "fold")]
        if image is None or not others:
            continue
        label = "label" if "label" in others else others[0]
        found = {"type": "csv_manifest", "path": seen_from(file, folder)}
        found |= {"image": image, "label": label}
        return found | {"split": "split"} if "split" in header else found
    return None


def _listed(table: Path, column: str) -> Iterator[Path]:
    with table.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            yield table.parent / row[column]


def _images(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if _is_image(path.name) and path.is_file())


def _is_image(name: str) -> bool:
    return Path(name).suffix.lower() in SUFFIXES
