"""The error about a file that is not there."""

from __future__ import annotations

from pathlib import Path

from dltrain.core.errors import DataError
from dltrain.core.suggest import nearest


def absent_file(path: Path) -> DataError:
    """Say that there is no such file, and which one beside it may be meant."""
    try:
        near = nearest(path.name, [entry.name for entry in path.parent.iterdir()])
    except OSError:
        near = None
    hint = f"did you mean `{path.with_name(near)}`?" if near else "correct the path in the config"
    return DataError("there is no such file", at=str(path), hint=hint)
