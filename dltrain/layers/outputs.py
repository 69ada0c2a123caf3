"""How many outputs a layer has: a number, or as many as the data set has classes."""

from __future__ import annotations

from typing import Literal

from dltrain.core.errors import ShapeError
from dltrain.core.fields import PositiveInteger
from dltrain.layers.base import Layer

Outputs = PositiveInteger | Literal["classes"]


def with_classes(layer: Layer, field: str, classes: int | None) -> Layer:
    """Give a layer with the number of classes filled in where it says `classes`."""
    if getattr(layer, field) != "classes":
        return layer
    if classes is None:
        message = f"`{field}: classes` needs a data set with classes"
        raise ShapeError(message, field=field, hint="write the number of outputs")
    return layer.model_copy(update={field: classes})


def number_of(outputs: int | str, field: str) -> int:
    """Give the number that stands in a field."""
    if isinstance(outputs, str):
        raise ShapeError(f"`{field}: classes` was not filled in", field=field)
    return outputs
