"""Squared distance between outputs and targets, where they are near each other."""

from __future__ import annotations

from dltrain.core.fields import PositiveNumber
from dltrain.core.shapes import Shape
from dltrain.losses.base import (
    Comparing,
    Loss,
    add_up,
    differentiate,
    require_classes,
    require_freedom,
)


class Huber(Loss):
    """Mean over all outputs of half the squared distance, and from `delta` on of its tangent.

    A few targets far off count less than in mean_squared_error. Targets are numbers like the
    output, or class indices: of two classes for one unit, otherwise 1 for the unit of the class
    and 0 for the others.
    Source: Huber 1964, Annals of Mathematical Statistics 35.
    """

    delta: PositiveNumber = 1.0
    """Distance of output and target from which the loss is no longer squared; targets that a data
    set standardizes are measured in their standard deviations."""

    def check(self, output: Shape, activation: str, classes: int | None) -> None:
        """Raise ShapeError unless there is a unit for each class, and a choice for one alone."""
        require_classes(output, classes, single=True)
        require_freedom(self, output, activation)

    def forward(self, at: Comparing) -> None:
        """Write the row that adds up the loss."""
        add_up(at, "huber_forward", at.output, numbers=(self.delta,))

    def backward(self, at: Comparing) -> None:
        """Write the row of the output's gradient."""
        differentiate(at, "huber_backward", at.output, numbers=(self.delta,))
