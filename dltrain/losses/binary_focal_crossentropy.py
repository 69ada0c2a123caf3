"""Cross-entropy of yes-or-no answers in which what is easy counts less."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from dltrain.core.fields import Flag, NonNegative, Share
from dltrain.core.shapes import Shape
from dltrain.losses.base import (
    Comparing,
    Loss,
    add_up,
    differentiate,
    require_activation,
    require_classes,
)


class BinaryFocalCrossentropy(Loss):
    """(1 - p) ** gamma * -log(p), p the probability that each sigmoid gives to the truth.

    Targets are those of binary_crossentropy. The mean over the last axis, taken from the logits of
    the last sigmoid in one stable step.
    Source: Lin et al. 2017, arXiv:1708.02002, eq. 4 and 5; fields as in Keras.
    """

    fuses: ClassVar[str | None] = "sigmoid"

    apply_class_balancing: Flag = False
    """Whether a target of 1 counts alpha, and one of 0 counts 1 - alpha."""
    alpha: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.25
    """What a target of 1 counts, with apply_class_balancing."""
    gamma: NonNegative = 2.0
    """How much less a probable truth counts; 0 for not at all."""
    label_smoothing: Share = 0.0
    """How far targets are moved towards one half."""

    def check(self, output: Shape, activation: str, classes: int | None) -> None:
        """Raise ShapeError unless a sigmoid comes last."""
        require_activation(self, "sigmoid", activation)
        require_classes(output, classes, single=True)

    def forward(self, at: Comparing) -> None:
        """Write the row that adds up the loss."""
        add_up(at, "binary_focal_crossentropy_forward", at.logits, numbers=self._numbers)

    def backward(self, at: Comparing) -> None:
        """Write the row of the logits' gradient."""
        differentiate(at, "binary_focal_crossentropy_backward", at.logits, numbers=self._numbers)

    @property
    def _numbers(self) -> tuple[float, ...]:
        # A negative alpha tells the kernel to leave the balancing out.
        alpha = self.alpha if self.apply_class_balancing else -1.0
        return self.gamma, self.label_smoothing, alpha
