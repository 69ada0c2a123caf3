"""One process at a time on one run: a lock that ends with the process that holds it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO

from dltrain.core.errors import StorageError
from dltrain.storage.atomic import cannot_write


class Lock:
    """A lock on a file. The system drops it when its holder dies, however it dies."""

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is touched yet."""
        self.path = path
        self._file: BinaryIO | None = None

    def acquire(self) -> None:
        """Take the lock, or raise StorageError naming the process that holds it."""
        try:
            file = self.path.open("a+b")
        except OSError as error:
            raise cannot_write(self.path, error) from error
        try:
            _lock(file)
        except OSError as error:
            holder = _holder(file)
            file.close()
            raise StorageError(
                f"this run is being trained by another process{holder}",
                at=str(self.path.parent),
                hint="wait for it, stop it, or give this run another name with `--name`",
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        file.flush()
        self._file = file

    def release(self) -> None:
        """Give the lock up. The file stays: removing it would race with who opens it now."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _holder(file: BinaryIO) -> str:
    file.seek(0)
    try:
        text = file.read(20).decode("ascii", "replace").strip()
    except OSError:  # Windows keeps a locked byte from being read
        return ""
    return f" (process {text})" if text.isdigit() else ""


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        # Far behind the process number, so that others can still read that.
        file.seek(1 << 20)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
