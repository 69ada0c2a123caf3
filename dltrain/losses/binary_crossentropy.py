"""Cross-entropy of yes-or-no answers."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.shapes import Shape
from dltrain.losses.base import (
    Comparing,
    Loss,
    add_up,
    differentiate,
    require_activation,
    require_classes,
)


class BinaryCrossentropy(Loss):
    """-log of the probability that each sigmoid gives to the truth; the mean over the last axis.

    Targets are numbers in [0, 1], or class indices: of two classes for one unit, otherwise one unit
    for each class. Taken from the logits of the last sigmoid in one stable step.
    """

    fuses: ClassVar[str | None] = "sigmoid"

    def check(self, output: Shape, activation: str, classes: int | None) -> None:
        """Raise ShapeError unless a sigmoid comes last."""
        require_activation(self, "sigmoid", activation)
        require_classes(output, classes, single=True)

    def forward(self, at: Comparing) -> None:
        """Write the row that adds up the loss."""
        add_up(at, "binary_crossentropy_forward", at.logits)

    def backward(self, at: Comparing) -> None:
        """Write the row of the logits' gradient."""
        differentiate(at, "binary_crossentropy_backward", at.logits)
