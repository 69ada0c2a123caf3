"""Files that are either the old one or the new one, never half of each."""

from __future__ import annotations

import errno
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from dltrain.core.errors import StorageError

TEMPORARY = ".part"
"""Suffix of files that are not finished; a run removes what a killed one left."""

FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
"""What the system says where there is no more room."""
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_IN_THE_WAY = {errno.EEXIST, errno.ENOTDIR}


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path` once the block has ended well.

    It is on the disk, not in its cache, before the name changes hands, and so is the name after.
    Raises: StorageError where that fails; the old file is then as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write(path: Path, content: bytes) -> None:
    """Put these bytes at `path`, all or nothing; a link's target is replaced, not the link.

    A device or a pipe, such as /dev/stdout, is written as it is.
    """
    try:
        if _is_stream(path):
            with path.open("wb") as stream:
                stream.write(content)
            return
        target = path.resolve() if path.is_symlink() else path
    except BrokenPipeError:  # its reader has gone, as `head` does
        raise
    except OSError as error:
        raise cannot_write(path, error) from error
    with replacing(target) as file:
        file.write(content)


def cannot_write(path: Path, error: OSError) -> StorageError:
    """Say why the system refuses to write, and what to do."""
    if error.errno in FULL:
        return StorageError(
            "the disk is full, or the limit for one file is reached",
            at=str(path),
            hint="make room; a training then goes on with `--resume`",
        )
    if error.errno in _FORBIDDEN:
        hint = "choose another place, or change who may write here"
        return StorageError("no permission to write", at=str(path), hint=hint)
    if error.errno in _IN_THE_WAY:
        hint = "give another name, or move the file away; it was not changed"
        return StorageError(
            "cannot write: a file is where a folder should be", at=str(path), hint=hint
        )
    if error.errno == errno.ENOENT:
        hint = f"make the folder first: mkdir -p {shlex.quote(str(path.parent))}"
        return StorageError("cannot write: there is no such folder", at=str(path.parent), hint=hint)
    reason = (error.strerror or str(error)).lower()
    return StorageError(f"cannot write: {reason}", at=str(path))


def cannot_read(path: Path, error: OSError) -> StorageError:
    """Say why the system refuses to read."""
    return StorageError(f"cannot read: {error.strerror or error}", at=str(path))


def _is_stream(path: Path) -> bool:
    return path.exists() and not path.is_file() and not path.is_dir()


def _sync_folder(folder: Path) -> None:
    # Windows has no handle of a folder to flush; its rename is durable enough.
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems cannot flush a folder and say so with EINVAL.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(handle)
