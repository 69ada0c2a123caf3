"""Writing a file that a command was asked for."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from dltrain.core.errors import StorageError, UsageError


def write_text(path: Path, text: str, *, replace: bool = True) -> None:
    """Write a whole file or none of it; keep one that is there if `replace` is off."""
    if path.exists() and not replace:
        raise UsageError(
            "this file exists and is kept", at=str(path), hint="give another name with -o"
        )
    part = path.with_name(f"{path.name}.{uuid4().hex[:8]}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StorageError(f"cannot write: {error.strerror}", at=str(path)) from error
