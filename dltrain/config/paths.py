"""Making a config's relative paths absolute."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Any, TypeVar, get_args

from dltrain.config.places import Path
from dltrain.core.component import Component
from dltrain.core.fields import PathMark

ComponentT = TypeVar("ComponentT", bound=Component)
FolderOf = Callable[[Path], FilePath]
"""Gives the folder that a path written at a place of the config is relative to."""


def resolve_paths(component: ComponentT, folder_of: FolderOf, at: Path = ()) -> ComponentT:
    """Give the component with every path in it absolute."""
    changes = {}
    for name, field in type(component).model_fields.items():
        value = getattr(component, name)
        is_path = _holds_path(field.annotation) or any(
            isinstance(mark, PathMark) for mark in field.metadata
        )
        changed = _resolve(value, is_path, folder_of, (*at, name))
        if changed is not value:
            changes[name] = changed
    return component.model_copy(update=changes) if changes else component


def absolute(path: str, folder: FilePath) -> str:
    """Give a path as it is meant from `folder`, with `~` and `..` worked out."""
    return str((folder / FilePath(path).expanduser()).resolve())


def _resolve(value: Any, is_path: bool, folder_of: FolderOf, at: Path) -> Any:
    if isinstance(value, Component):
        return resolve_paths(value, folder_of, at)
    if isinstance(value, str) and is_path:
        return absolute(value, folder_of(at))
    if isinstance(value, tuple):
        items = [_resolve(item, is_path, folder_of, (*at, i)) for i, item in enumerate(value)]
        return tuple(items) if any(a is not b for a, b in zip(items, value, strict=True)) else value
    return value


def _holds_path(annotation: Any) -> bool:
    marks = getattr(annotation, "__metadata__", ())
    return any(isinstance(mark, PathMark) for mark in marks) or any(
        map(_holds_path, get_args(annotation))
    )
