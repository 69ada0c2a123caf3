"""Layers that may have one row or output for each class, or token, of the data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

from dltrain.core.errors import ShapeError
from dltrain.core.fields import Integer, PositiveInteger

if TYPE_CHECKING:
    from dltrain.layers.base import Layer

OutputsField = PositiveInteger | Literal["classes"]
"""A number of outputs; `classes` takes the number of classes from the data set."""
StepsField = Integer | Literal["source"]
"""A number of steps; `source` takes those of the source from a data set of pairs."""
TokensField = PositiveInteger | Literal["classes", "tokens"]
"""A number of tokens; `tokens` takes it from the data set, and `classes` where they are these."""

LayerT = TypeVar("LayerT", bound="Layer")


def filled_in(layer: LayerT, field: str, **counts: int | None) -> LayerT:
    """Put a number where a field names what the data set knows, such as `classes`.

    Raises: ShapeError where the data set does not know it.
    """
    name = getattr(layer, field)
    if name not in counts:
        return layer
    if counts[name] is None:
        message = f"`{field}: {name}` needs a data set with {_HAVING.get(name, name)}"
        hint = f"write the number of {_MEANT[name]}"
        raise ShapeError(message, field=field, hint=hint, missing=name)
    return layer.model_copy(update={field: counts[name]})


_MEANT = {"classes": "outputs", "tokens": "tokens", "source": "steps of the source"}
_HAVING = {"source": "pairs of texts"}
"""What a data set has that knows this, where it is not called the same."""


def known(count: int | str, field: str) -> int:
    """Give a number that is filled in; raises ShapeError where it is not."""
    if isinstance(count, str):
        raise ShapeError(f"`{field}: {count}` was not filled in", field=field)
    return count
