"""Files of catalogued sets: found in a folder or in the user's cache, else fetched and checked."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from dltrain.core.errors import DataError
from dltrain.data.catalog import CataloguedFile, CataloguedSet

OFFLINE = "DLTRAIN_OFFLINE"
"""Set to 1, this environment variable forbids downloads."""
MIRROR = "DLTRAIN_DATA_MIRROR"
"""This environment variable names a place with a folder for each set, in the publishers' stead."""
CACHE = "DLTRAIN_CACHE_DIR"


def is_offline() -> bool:
    """Tell whether the environment forbids downloads."""
    return os.environ.get(OFFLINE, "").strip().lower() not in ("", "0", "false", "no")


def cache_folder(entry: CataloguedSet) -> Path:
    """Give the folder of a set in the user's cache; it may not exist."""
    from platformdirs import user_cache_path

    chosen = os.environ.get(CACHE)
    root = Path(chosen) if chosen else user_cache_path("dltrain", appauthor=False)
    return root / "datasets" / entry.folder


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


def fetch(entry: CataloguedSet, *, offline: bool, announce: Callable[[str], None]) -> Path:
    """Give the cache folder of a set with all its files in it, fetching those that are absent.

    Raises: DataError where downloads are forbidden, fail, or bring something else.
    """
    folder = cache_folder(entry)
    absent = absent_files(entry, folder)
    if not absent:
        return folder
    if offline:
        raise DataError(
            f"{entry.title} is not on this computer, and {OFFLINE} forbids fetching it",
            at=str(folder),
            hint="set `dataset.path` to the folder that holds " + ", ".join(f.name for f in absent),
        )
    megabytes = sum(file.size for file in absent) / 1e6
    announce(
        f"fetching {entry.title}: {megabytes:.1f} MB from {_base(entry)} to {folder} "
        f"(licence: {entry.licence})"
    )
    for file in absent:
        _fetch_file(entry, file, folder)
    return folder


def _base(entry: CataloguedSet) -> str:
    mirror = os.environ.get(MIRROR)
    return f"{mirror.rstrip('/')}/{entry.folder}/" if mirror else entry.url


def _fetch_file(entry: CataloguedSet, file: CataloguedFile, folder: Path) -> None:
    import logging

    import pooch

    # Told to the user by `announce`; the library's own log lines would repeat it.
    pooch.get_logger().setLevel(logging.ERROR)
    url = _base(entry) + file.name
    try:
        pooch.retrieve(url, known_hash=f"sha256:{file.sha256}", fname=file.name, path=folder)
    except ValueError as error:
        raise DataError(
            f"{file.name} is not the published file: its SHA-256 differs; nothing was kept",
            at=url,
            hint="try again later, or set `dataset.path` to a folder that holds the files",
        ) from error
    except OSError as error:
        reason = type(error).__name__ if not error.strerror else error.strerror
        raise DataError(
            f"{file.name} could not be fetched: {reason}",
            at=url,
            hint="check the connection, or set `dataset.path` to a folder that holds the files",
        ) from error
