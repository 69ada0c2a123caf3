"""Cross-entropy between a class and the probabilities of a softmax."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.fields import NonNegative, Share
from dltrain.core.shapes import Shape
from dltrain.losses.base import (
    Comparing,
    Loss,
    Settings,
    add_up,
    differentiate,
    require_activation,
    require_classes,
    require_weights,
)


class CategoricalCrossentropy(Loss):
    """-log of the probability that the network gives to the true class, for each sample or pixel.

    Targets are class indices or probabilities. Taken from the logits of the last softmax in one
    stable step.
    """

    fuses: ClassVar[str | None] = "softmax"

    label_smoothing: Share = 0.0
    """Share of the target that is spread evenly over all classes."""
    class_weight: tuple[NonNegative, ...] | None = None
    """What samples (or pixels) of each class count, in the order of the classes; as in Keras, the
    mean is over all of them, however much they count."""

    def check(self, output: Shape, activation: str, classes: int | None) -> None:
        """Raise ShapeError unless a softmax over the classes comes last."""
        require_activation(self, "softmax", activation)
        require_classes(output, classes)
        require_weights(output, self.class_weight, "class_weight")

    def forward(self, at: Comparing) -> None:
        """Write the row that adds up the loss."""
        add_up(at, "categorical_crossentropy_forward", at.logits, at.output, **self._settings)

    def backward(self, at: Comparing) -> None:
        """Write the row of the logits' gradient."""
        differentiate(at, "categorical_crossentropy_backward", at.output, **self._settings)

    @property
    def _settings(self) -> Settings:
        numbers = (self.label_smoothing, *(self.class_weight or ()))
        return {"numbers": numbers, "variant": (int(self.class_weight is not None),)}
