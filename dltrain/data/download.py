"""Files of published sets, fetched into the user's cache and checked."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from dltrain.core.errors import DataError
from dltrain.data.catalog import CataloguedFile, Published

OFFLINE = "DLTRAIN_OFFLINE"
"""Set to 1, this environment variable forbids downloads."""
MIRROR = "DLTRAIN_DATA_MIRROR"
"""This environment variable names a place with a folder for each set, in the publishers' stead."""
CACHE = "DLTRAIN_CACHE_DIR"


def is_offline() -> bool:
    """Tell whether the environment forbids downloads."""
    return os.environ.get(OFFLINE, "").strip().lower() not in ("", "0", "false", "no")


def cache_folder(entry: Published) -> Path:
    """Give the folder of a set in the user's cache; it may not exist."""
    from platformdirs import user_cache_path

    chosen = os.environ.get(CACHE)
    root = Path(chosen) if chosen else user_cache_path("dltrain", appauthor=False)
    return root / "datasets" / entry.folder


def fetch(
    entry: Published,
    files: Sequence[CataloguedFile],
    *,
    instead: str,
    offline: bool,
    announce: Callable[[str], None],
) -> Path:
    """Put files of a set into its cache folder, and give that.

    `instead` names what a folder must hold that is used without fetching.
    Raises: DataError where downloads are forbidden, fail, or bring something else.
    """
    folder = cache_folder(entry)
    if offline:
        raise DataError(
            f"{entry.title} is not on this computer, and {OFFLINE} forbids fetching it",
            at=str(folder),
            hint=f"set `dataset.path` to the folder that holds {instead}",
        )
    megabytes = sum(file.size for file in files) / 1e6
    announce(
        f"fetching {entry.title}: {megabytes:.1f} MB from {_base(entry)} to {folder} "
        f"(licence: {entry.licence})"
    )
    for file in files:
        _fetch_file(entry, file, folder)
    return folder


def _base(entry: Published) -> str:
    mirror = os.environ.get(MIRROR)
    return f"{mirror.rstrip('/')}/{entry.folder}/" if mirror else entry.url


def _fetch_file(entry: Published, file: CataloguedFile, folder: Path) -> None:
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
