"""Fields that hold one number for all channels, or one for each."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dltrain.core.errors import ShapeError
from dltrain.core.fields import Number
from dltrain.core.shapes import Shape, describe

Numbers = Annotated[tuple[Number, ...], Field(min_length=1)]
NumbersField = Number | Numbers
"""One number for all channels, or a list with one for each."""


def numbers_for(values: float | tuple[float, ...], shape: Shape, field: str) -> tuple[float, ...]:
    """Give one number for each channel; raises ShapeError for a list of another length."""
    channels = shape[-1]
    if not isinstance(values, tuple):
        return (values,) * channels
    if len(values) != channels:
        message = (
            f"{field} has {len(values)} numbers, but the input of shape {describe(shape)} has "
            f"{channels} channels"
        )
        hint = "give one number for each channel, or a single one"
        raise ShapeError(message, field=field, hint=hint)
    return values
