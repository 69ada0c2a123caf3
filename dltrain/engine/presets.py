"""Mistakes in a network whose layers are not written out: said of the preset and its options."""

from __future__ import annotations

from typing import Any

from dltrain.config.annotations import child
from dltrain.core.errors import ShapeError
from dltrain.layers.base import Layer
from dltrain.models.base import Model

Location = tuple[str | int, ...]

_OPTIONS = {
    "units": "classes",
    "filters": "classes",
    "activation": "classifier_activation",
}
"""What a preset calls the fields of its last layer."""
_EXTENTS = ("kernel_size", "pool_size")


def of_preset(written: Any, error: ShapeError) -> ShapeError:
    """Give the error as one of the preset that a config names; as it is where it names none."""
    if error.loc[:2] != ("model", "layers") or child(child(written, "model"), "layers") is not None:
        return error
    model = Model.parse(child(written, "model"))
    option = _option(model, error)
    if error.missing == "tokens":
        message = f"{model.type_name} reads tokens, which this data set does not give"
        placed = ShapeError(message, hint="take a data set of texts, such as `type: text_csv`")
        placed.loc = ("model",)
    elif error.missing == "source":
        message = f"{model.type_name} reads pairs of texts, which this data set does not give"
        placed = ShapeError(message, hint="take `type: text_pairs`, or write `source_length`")
        placed.loc = ("model",)
    elif option in type(model).model_fields:
        placed = _of_option(model, option, error)
        placed.loc = ("model", option)
    else:
        message = f"{error.message}, in {_place(model.expand(), error.loc)} of {model.type_name}"
        hint = _larger(model) if error.field in _EXTENTS else model.advice
        placed = ShapeError(message, hint=hint)
        placed.loc = ("model",)
    placed.history = error.history
    return placed


def _option(model: Model, error: ShapeError) -> str:
    """Name the option that a mistake in a layer's field is one of."""
    if error.missing is not None:
        return error.missing
    if error.field == "input_dim":
        return "tokens" if "tokens" in type(model).model_fields else "classes"
    return _OPTIONS.get(str(error.field), str(error.field))


def _of_option(model: Model, option: str, error: ShapeError) -> ShapeError:
    if option not in ("classes", "tokens"):
        hint = (error.hint or "").replace("activation", option).removesuffix(" in the last layer")
        return ShapeError(error.message, hint=hint or None)
    if getattr(model, option) is not None:
        return ShapeError(error.message, hint=f"leave `{option}` out")
    message = f"{model.type_name} needs a data set with classes"
    return ShapeError(message, hint="write the number of `classes`")


def _larger(model: Model) -> str:
    hint = (
        model.advice
        or "make the images larger: `dataset.transforms: [{type: resize, size: [64, 64]}]`"
    )
    return f"{hint}, or write `stem: small`" if getattr(model, "stem", "") == "large" else hint


def _place(layers: tuple[Layer, ...], loc: Location) -> str:
    """Name the layer that a location ends in, after its containers."""
    names: list[str] = []
    holder: Any = layers
    for part in loc[2:]:
        holder = holder[part] if isinstance(part, int) else getattr(holder, part, None)
        if isinstance(holder, Layer):
            names.append(holder.name or holder.type_name)
    return "/".join(names)
