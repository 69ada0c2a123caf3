"""Cross-entropy between a class and the probabilities of a softmax."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.errors import ShapeError
from dltrain.core.fields import Share
from dltrain.core.shapes import Shape, size_of
from dltrain.losses.base import Comparing, Loss


class CategoricalCrossentropy(Loss):
    """-log of the probability that the network gives to the true class.

    Targets are class indices or probabilities. Taken from the logits of the last softmax in one
    stable step.
    """

    fuses: ClassVar[str | None] = "softmax"

    label_smoothing: Share = 0.0
    """Share of the target that is spread evenly over all classes."""

    def check(self, output: Shape, activation: str, classes: int | None) -> None:
        """Raise ShapeError unless a softmax over the classes comes last."""
        units = output[-1] if output else 1
        if activation != "softmax":
            raise ShapeError(
                "categorical_crossentropy takes the probabilities of a softmax, but the last "
                f"activation is {activation}",
                field="activation",
                hint="write `activation: softmax` in the last layer",
            )
        if classes is not None and units != classes:
            raise ShapeError(
                f"the last layer gives {units} numbers, but the data set has {classes} classes",
                field="units",
                hint=f"write `units: {classes}` or `units: classes` in the last layer",
            )

    def forward(self, at: Comparing) -> None:
        """Write the row that adds up the loss."""
        at.row(
            "categorical_crossentropy_forward",
            variant=(int(at.target_form == "dense"),),
            reads=(at.logits, at.target_buffer),
            writes=(at.total,),
            sizes=rows_of(at.logits.shape),
            numbers=(self.label_smoothing,),
        )

    def backward(self, at: Comparing) -> None:
        """Write the row of the logits' gradient."""
        gradient = at.input_gradient()
        if gradient is None:
            return
        at.row(
            "categorical_crossentropy_backward",
            variant=(int(at.target_form == "dense"), int(gradient.accumulate)),
            reads=(at.cells, at.logits, at.target_buffer),
            writes=(gradient.buffer,),
            sizes=rows_of(at.logits.shape),
            numbers=(self.label_smoothing,),
        )


def rows_of(shape: Shape) -> tuple[int, int]:
    """Split a shape into positions and the numbers of one position."""
    return size_of(shape[:-1]), shape[-1] if shape else 1
