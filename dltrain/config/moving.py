"""Writing a config for another folder: its relative paths still lead to the same places."""

from __future__ import annotations

from pathlib import Path

from dltrain.config.annotations import child
from dltrain.config.found_data import seen_from
from dltrain.config.loader import load_text
from dltrain.config.paths import resolve_paths
from dltrain.config.places import Path as KeyPath
from dltrain.config.places import spell
from dltrain.core.errors import UsageError


def moved(text: str, source: Path, folder: Path) -> str:
    """Rewrite the relative paths of a config file for a config in `folder`; keep all else.

    Raises: ConfigError where the config has mistakes; UsageError where a path is not written out.
    """
    if source.parent.resolve() == folder.resolve():
        return text
    loaded = load_text(text, str(source))
    keys: list[KeyPath] = []

    def note(key: KeyPath) -> Path:
        keys.append(key)
        return Path()

    resolve_paths(loaded.config, note)
    lines = text.splitlines(keepends=True)
    for key in sorted(keys, reverse=True):
        value = loaded.written.value
        for part in key:
            value = child(value, part)
        if Path(value).expanduser().is_absolute():
            continue
        place = loaded.written.places.values[key]
        line, column = (place.line or 1) - 1, (place.column or 1) - 1
        before, rest = lines[line][:column], lines[line][column:]
        start = len(rest) - len(rest.lstrip("\"'"))
        if not rest.startswith(value, start):
            message = f"`{spell(key)}` is relative to the folder of this config"
            raise UsageError(message, at=str(source), hint="write the new one there too, with -o")
        path = seen_from(source.parent / value, folder)
        lines[line] = f"{before}{rest[:start]}{path}{rest[start + len(value) :]}"
    return "".join(lines)
