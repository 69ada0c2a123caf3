"""Which file a user means by CHECKPOINT."""

from __future__ import annotations

from pathlib import Path

from dltrain.core.errors import UsageError
from dltrain.core.suggest import nearest

_WHICH = ("best", "last")


def locate(text: str | Path) -> Path:
    """Give the file of a checkpoint: itself, a run folder's best, or `FOLDER@last`.

    Raises: UsageError where it is not there, naming the nearest that is.
    """
    try:
        return _found(Path(text), str(text))
    except OSError as error:
        raise UsageError(f"cannot look there: {error.strerror}", at=str(text)) from error


def _found(path: Path, text: str) -> Path:
    if path.is_file():
        if path.suffix.lower() in (".yaml", ".yml"):
            hint = f"`dltrain fit {text}` makes a run; name that"
            raise UsageError("this is a config, not a checkpoint", at=text, hint=hint)
        return path
    folder, at, which = text.rpartition("@")
    if at and which in _WHICH and not path.exists():
        return _in_folder(Path(folder), which)
    if path.exists():
        return _in_folder(path, "best")
    raise UsageError("there is no such checkpoint or run", at=text, hint=_suggest(path))


def _in_folder(folder: Path, which: str) -> Path:
    found = folder / "checkpoints" / f"{which}.safetensors"
    if found.is_file():
        return found
    if not folder.exists():
        raise UsageError("there is no such run", at=str(folder), hint=_suggest(folder))
    other = next(name for name in _WHICH if name != which)
    if (folder / "checkpoints" / f"{other}.safetensors").is_file():
        message = f"this run has no {which} checkpoint yet"
        raise UsageError(message, at=str(folder), hint=f"use `{folder}@{other}`")
    hint = "name a run folder such as runs/NAME, or a .safetensors file"
    raise UsageError("this folder holds no checkpoints", at=str(folder), hint=hint)


def _suggest(path: Path) -> str:
    siblings = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    found = nearest(path.name, siblings)
    if found:
        return f"did you mean `{path.with_name(found)}`?"
    runs = path.parent if path.parent.name == "runs" else Path("runs")
    names = sorted(entry.name for entry in runs.iterdir()) if runs.is_dir() else []
    return f"{runs} holds {', '.join(names[:5])}" if names else "`dltrain fit CONFIG` makes one"
