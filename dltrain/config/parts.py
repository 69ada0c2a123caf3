"""Reading the parts of a config that are right on their own, whatever is wrong elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from dltrain.config.annotations import child
from dltrain.config.draft import Written
from dltrain.config.places import Path
from dltrain.core.component import Component
from dltrain.core.errors import Problem
from dltrain.layers.base import Layer
from dltrain.models.base import Model

Found = list[tuple[Path, Problem]]
ComponentT = TypeVar("ComponentT", bound=Component)


def part_of(
    kind: type[ComponentT], written: Written, path: Path, found: Found
) -> ComponentT | None:
    """Read the component at a path; None where there is none or a problem lies in it."""
    value = written.value
    for part in path:
        value = child(value, part)
    if value is None or any(at[: len(path)] == path for at, _ in found):
        return None
    return _parsed(kind, value)


def layers_of(written: Written, found: Found) -> tuple[tuple[Layer, ...], bool]:
    """Give the layers before the first that cannot be read, and whether these are all."""
    model = part_of(Model, written, ("model",), found)
    if model is not None:
        return model.expand(), True
    items = child(child(written.value, "model"), "layers")
    return _readable(items if isinstance(items, list) else []), False


def _readable(items: Sequence[object]) -> tuple[Layer, ...]:
    layers: list[Layer] = []
    for item in items:
        layer = _parsed(Layer, item)
        if layer is None:
            break
        layers.append(layer)
    return tuple(layers)


def _parsed(kind: type[ComponentT], value: object) -> ComponentT | None:
    try:
        component: ComponentT = kind.parse(value)
    except (ValidationError, PydanticCustomError):
        return None
    return component
