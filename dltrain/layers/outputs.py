"""Layers that may have one output for each class of the data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

from dltrain.core.errors import ShapeError
from dltrain.core.fields import PositiveInteger

if TYPE_CHECKING:
    from dltrain.layers.base import Layer

OutputsField = PositiveInteger | Literal["classes"]
"""A number of outputs; `classes` takes the number of classes from the data set."""

LayerT = TypeVar("LayerT", bound="Layer")


def filled_in(layer: LayerT, field: str, classes: int | None) -> LayerT:
    """Put the number of classes where a field says `classes`; raises ShapeError without any."""
    if getattr(layer, field) != "classes":
        return layer
    if classes is None:
        message = f"`{field}: classes` needs a data set with classes"
        raise ShapeError(message, field=field, hint="write the number of outputs")
    return layer.model_copy(update={field: classes})


def known(outputs: OutputsField, field: str) -> int:
    """Give a number of outputs that is filled in; raises ShapeError where it is not."""
    if isinstance(outputs, str):
        raise ShapeError(f"`{field}: classes` was not filled in", field=field)
    return outputs
