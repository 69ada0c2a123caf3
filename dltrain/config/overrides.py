"""`--set a.b=c`: values of the command line on top of the file's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dltrain.config.annotations import child
from dltrain.config.places import Path, Place, spell
from dltrain.config.yaml_tree import Tree, read_tree
from dltrain.core.errors import Problem

_KEY = re.compile(r"[^.\[\]=\s]+(\.[^.\[\]=\s]+|\[-?[0-9]+\])*")
_PART = re.compile(r"[^.\[\]]+")
_INDEX = re.compile(r"-?[0-9]+")


def apply_overrides(tree: Tree, overrides: Sequence[str] | Mapping[str, Any]) -> list[Path]:
    """Write every override into the tree; give the paths written. Mistakes join its problems."""
    if isinstance(overrides, Mapping):
        written = [_write(tree, key, value) for key, value in overrides.items()]
    else:
        written = [_write_text(tree, text) for text in overrides]
    return [path for path in written if path is not None]


def _write_text(tree: Tree, text: str) -> Path | None:
    key, equals, typed = text.partition("=")
    if not equals:
        _refuse(tree, key, "no value is given", hint=f"write `--set {key}=value`")
        return None
    read = read_tree(typed, f"--set {key}")
    if read.problems:
        _refuse(tree, key, read.problems[0].message, hint=read.problems[0].hint)
        return None
    return _write(tree, key, read.value)


def _write(tree: Tree, key: str, value: Any) -> Path | None:
    if not _KEY.fullmatch(key):
        hint = "write keys with dots between them, as in `training.epochs=5`"
        _refuse(tree, key, f"{key!r} is not the path of a key", hint=hint)
        return None
    tree.value = {} if tree.value is None else tree.value
    place = Place(f"--set {key}")
    parts = _PART.findall(key)
    holder: Any = tree.value
    path: Path = ()
    for at, part in enumerate(parts):
        step = _step(holder, part)
        if step is None:
            what = (
                f"`{spell(path)}` has {_extent(holder)}" if path else "the config is not a mapping"
            )
            _refuse(tree, key, f"{what}, so there is no `{part}` in it")
            return None
        path = (*path, step)
        if at == len(parts) - 1:
            holder[step] = value
        else:
            holder = _open(holder, step)
            tree.places.values.setdefault(path, place)
    tree.places.forget(path)
    tree.places.values[path] = tree.places.keys[path] = place
    return path


def _step(holder: Any, part: str) -> str | int | None:
    """Give the key or index that a part means in its holder."""
    if isinstance(holder, dict):
        return part
    if isinstance(holder, list) and _INDEX.fullmatch(part):
        index = int(part) + (len(holder) if part.startswith("-") else 0)
        return index if 0 <= index < len(holder) else None
    return None


def _open(holder: Any, step: str | int) -> Any:
    """Give what the next part is looked up in: a bare name becomes a mapping with `type`."""
    inner = child(holder, step)
    if inner is None:
        inner = {}
    elif isinstance(inner, str):
        inner = {"type": inner}
    holder[step] = inner
    return inner


def _extent(holder: Any) -> str:
    return f"{len(holder)} entries, counted from 0" if isinstance(holder, list) else "no keys"


def _refuse(tree: Tree, key: str, message: str, *, hint: str | None = None) -> None:
    tree.problems.append(Problem(message, file=f"--set {key}", hint=hint))
