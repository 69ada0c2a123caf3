"""Files taken out of an archive: those that are asked for, to where they are wanted."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from shutil import copyfileobj

from dltrain.core.errors import DataError
from dltrain.storage.atomic import replacing


def extract(archive: Path, wanted: Mapping[str, Path]) -> None:
    """Write members of a tar file, by name, to paths of the caller's choice.

    No name or link in the archive decides where anything is written. A file is there whole or not
    at all.
    Raises: DataError where the archive is damaged, or lacks a member, or has it as something other
    than a file.
    """
    left = dict(wanted)
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                path = left.get(member.name)
                if path is None or not member.isreg():
                    continue
                source = tar.extractfile(member)
                assert source is not None  # noqa: S101 - a file has content
                with source, replacing(path) as target:
                    copyfileobj(source, target)
                del left[member.name]
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise DataError(f"the archive is damaged: {error}", at=str(archive)) from error
    if left:
        raise DataError(f"the archive holds no file {', '.join(left)}", at=str(archive))
