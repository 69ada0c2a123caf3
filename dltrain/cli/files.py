"""Writing a file that a command was asked for."""

from __future__ import annotations

from pathlib import Path

from dltrain.core.errors import UsageError
from dltrain.storage import atomic


def write_text(path: Path, text: str, *, replace: bool = True) -> None:
    """Write a whole file or none of it; keep one that is there if `replace` is off."""
    if path.is_dir():
        raise UsageError("this is a folder", at=str(path), hint="name a file in it")
    if path.exists() and not replace:
        raise UsageError(
            "this file exists and is kept", at=str(path), hint="give another name with -o"
        )
    atomic.write(path, text.encode())
