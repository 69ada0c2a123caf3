"""Cross-entropy between a class and the probabilities of a softmax."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.errors import ShapeError
from dltrain.core.fields import Share
from dltrain.core.shapes import Shape
from dltrain.losses.base import Comparing, Loss, add_up, differentiate, require_classes


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
        if activation != "softmax":
            raise ShapeError(
                "categorical_crossentropy takes the probabilities of a softmax, but the last "
                f"activation is {activation}",
                field="activation",
                hint="write `activation: softmax` in the last layer",
            )
        require_classes(output, classes)

    def forward(self, at: Comparing) -> None:
        """Write the row that adds up the loss."""
        add_up(at, "categorical_crossentropy_forward", at.logits, (self.label_smoothing,))

    def backward(self, at: Comparing) -> None:
        """Write the row of the logits' gradient."""
        numbers = (self.label_smoothing,)
        differentiate(at, "categorical_crossentropy_backward", at.logits, numbers)
