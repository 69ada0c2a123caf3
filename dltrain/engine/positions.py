"""Whether a network answers as often as its data ask: once a sample, or once at each position."""

from __future__ import annotations

from dltrain.core.errors import ShapeError
from dltrain.core.shapes import Shape, describe, size_of
from dltrain.data.samples import TargetForm

Targets = tuple[TargetForm, Shape]
"""The form of a data set's targets, and the shape of one of them."""


def check_targets(targets: Targets, output: Shape, classes: int | None) -> None:
    """Raise ShapeError where a target of the data set does not suit the network's output."""
    form, shape = targets
    if form == "labels" and shape == output[:-1]:
        return
    if form == "dense" and (shape == output or (shape == output[:-1] and output[-1] == 1)):
        return
    came = f"but the network's output has shape {describe(output)}"
    if form == "dense":
        raise ShapeError(f"the targets have shape {describe(shape)}, {came}")
    if shape:
        wanted = describe((*shape, classes)) if classes else f"{describe(shape)} and the classes"
        raise ShapeError(
            f"the data set has a label for each of {_count(shape)}, {came}",
            hint=f"end with an output of shape {wanted}; for pixels that is a conv2d with "
            "kernel_size 1",
        )
    raise ShapeError(
        f"the data set has one label for each sample, {came}, an answer for each of "
        f"{_count(output[:-1])}",
        hint="put `- flatten` or a global pooling before the last layer",
    )


def _count(shape: Shape) -> str:
    sizes = " x ".join(map(str, shape))
    return f"{sizes} positions" if size_of(shape) != 1 else "1 position"
