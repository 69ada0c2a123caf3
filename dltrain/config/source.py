"""The bytes of a config file, and why they may not be a config's."""

from __future__ import annotations

import re
from pathlib import Path

from dltrain.core.errors import Problem
from dltrain.core.suggest import nearest

_LARGEST = 2**22
_BINARY = bytes(range(9)) + bytes(range(14, 32))


def read_source(file: Path) -> tuple[bytes, str, Problem | None]:
    """Give a file's bytes and text, or the problem that stands against reading it."""
    try:
        with file.open("rb") as stream:
            source = stream.read(_LARGEST + 1)
    except FileNotFoundError:
        return b"", "", Problem("this config does not exist", file=str(file), hint=_near(file))
    except IsADirectoryError:
        hint = "give the YAML file in it"
        return b"", "", Problem("this is a folder, not a config", file=str(file), hint=hint)
    except (OSError, ValueError) as error:
        return b"", "", Problem(f"this config cannot be read: {_reason(error)}", file=str(file))
    return source, *_decode(source, file)


def default_name(file: Path | None) -> str:
    """Give the run's name where the config has none: the file's, made fit for a folder."""
    stem = file.stem if file else "run"
    return re.sub(r"[^A-Za-z0-9_.+ -]", "-", stem).lstrip(".+ -") or "run"


def _decode(source: bytes, file: Path) -> tuple[str, Problem | None]:
    hint = "a config is YAML text in UTF-8"
    if len(source) > _LARGEST:
        message = f"this is larger than a config can be ({_LARGEST // 2**20} MiB)"
        return "", Problem(message, file=str(file), hint=hint)
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        column = error.start - (source.rfind(b"\n", 0, error.start) + 1) + 1
        message = f"this is not a text file: byte {source[error.start]:#04x} is not UTF-8"
        return "", Problem(message, file=str(file), line=line, column=column, hint=hint)
    if any(byte in source for byte in _BINARY):
        return "", Problem("this is not a text file", file=str(file), hint=hint)
    return text, None


def _near(file: Path) -> str | None:
    try:
        names = [found.name for found in file.parent.iterdir() if found.suffix in (".yaml", ".yml")]
    except OSError:
        return f"there is no folder {file.parent}" if not file.parent.exists() else None
    name = nearest(file.name, names)
    return f"did you mean `{file.parent / name}`?" if name else "`dltrain init` writes one"


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)
