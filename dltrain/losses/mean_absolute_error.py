"""Distance between outputs and targets."""

from __future__ import annotations

from dltrain.core.shapes import Shape
from dltrain.losses.base import (
    Comparing,
    Loss,
    add_up,
    differentiate,
    require_classes,
    require_freedom,
)


class MeanAbsoluteError(Loss):
    """Mean of |output - target| over all outputs.

    Targets are numbers like the output, or class indices: of two classes for one unit, otherwise
    1 for the unit of the class and 0 for the others.
    """

    def check(self, output: Shape, activation: str, classes: int | None) -> None:
        """Raise ShapeError unless there is a unit for each class, and a choice for one alone."""
        require_classes(output, classes, single=True)
        require_freedom(self, output, activation)

    def forward(self, at: Comparing) -> None:
        """Write the row that adds up the loss."""
        add_up(at, "mean_absolute_error_forward", at.output)

    def backward(self, at: Comparing) -> None:
        """Write the row of the output's gradient."""
        differentiate(at, "mean_absolute_error_backward", at.output)
