"""Cross-entropy of classes in which what is easy counts less."""

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


class CategoricalFocalCrossentropy(Loss):
    """alpha * (1 - p) ** gamma * -log(p), p the probability that is given to the true class.

    Targets are class indices or probabilities, for each sample or pixel. Taken from the logits of
    the last softmax in one stable step.
    Source: Lin et al. 2017, arXiv:1708.02002, eq. 5; fields as in Keras.
    """

    fuses: ClassVar[str | None] = "softmax"

    alpha: NonNegative | tuple[NonNegative, ...] = 0.25
    """What all classes count, or a number for each, in their order."""
    gamma: NonNegative = 2.0
    """How much less a probable truth counts; 0 for not at all."""
    label_smoothing: Share = 0.0
    """Share of the target that is spread evenly over all classes."""

    def check(self, output: Shape, activation: str, classes: int | None) -> None:
        """Raise ShapeError unless a softmax over the classes comes last."""
        require_activation(self, "softmax", activation)
        require_classes(output, classes)
        require_weights(output, self.alpha if isinstance(self.alpha, tuple) else None, "alpha")

    def forward(self, at: Comparing) -> None:
        """Write the row that adds up the loss."""
        add_up(at, "categorical_focal_crossentropy_forward", at.logits, at.output, **self._settings)

    def backward(self, at: Comparing) -> None:
        """Write the row of the logits' gradient."""
        differentiate(
            at, "categorical_focal_crossentropy_backward", at.logits, at.output, **self._settings
        )

    @property
    def _settings(self) -> Settings:
        balanced = isinstance(self.alpha, tuple)
        alpha = self.alpha if isinstance(self.alpha, tuple) else (self.alpha,)
        numbers = (self.gamma, self.label_smoothing, *alpha)
        return {"numbers": numbers, "variant": (int(balanced),)}
