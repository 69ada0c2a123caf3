"""Which component stands at a path of a config, told from field types and the values written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from dltrain.activations.base import Activation
from dltrain.config.places import Path
from dltrain.core.component import Component


def owner_of(root: type[Component], value: Any, path: Path) -> type[Component] | None:
    """Give the class whose fields are read at `path`; None where it cannot be told."""
    return _component(*_read_at(root, value, path))


def fields_of(root: type[Component], value: Any, path: Path) -> list[str]:
    """Name the fields that are read at `path`; none where it cannot be told."""
    annotation, value = _read_at(root, value, path)
    owner = _component(annotation, value)
    if owner is None:
        return []
    # A name of another kind, such as an activation's as a layer, takes what all layers take.
    shared = next((kind.shared for kind in _components(annotation)), ())
    return list(dict.fromkeys([*owner.model_fields, *shared]))


def _read_at(root: type[Component], value: Any, path: Path) -> tuple[Any, Any]:
    """Give the annotation and the value at a path."""
    annotation: Any = root
    for part in path:
        if isinstance(part, int):
            annotation = next(_items(annotation), None)
        else:
            owner = _component(annotation, value)
            field = owner.model_fields.get(part) if owner else None
            annotation = field.annotation if field else None
        value = child(value, part)
    return annotation, value


def child(value: Any, part: str | int) -> Any:
    """Give the value of a key or an index; None where there is none."""
    if isinstance(value, Mapping):
        return value.get(part)
    if isinstance(part, int) and isinstance(value, list) and 0 <= part < len(value):
        return value[part]
    return None


def members_of(annotation: Any) -> Iterator[Any]:
    """Give the alternatives of a union, without what annotates them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from members_of(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for member in get_args(annotation):
            yield from members_of(member)
    elif annotation is not None:
        yield annotation


def _items(annotation: Any) -> Iterator[Any]:
    for member in members_of(annotation):
        if get_origin(member) in (tuple, list, Sequence):
            yield get_args(member)[0]


def _component(annotation: Any, value: Any) -> type[Component] | None:
    for member in _components(annotation):
        return _named(member, value) if member.is_kind() else member
    return None


def _components(annotation: Any) -> Iterator[type[Component]]:
    for member in members_of(annotation):
        if isinstance(member, type) and issubclass(member, Component):
            yield member


def _named(kind: type[Component], value: Any) -> type[Component] | None:
    name = value.get("type", kind.default_type) if isinstance(value, Mapping) else value
    if not isinstance(name, str):
        return None
    # An activation's name is also a layer; what stands beside it are the activation's fields.
    beside = Activation.registry() if name in kind.other_names() else {}
    return kind.registry().get(name) or beside.get(name)
