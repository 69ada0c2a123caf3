"""What a metric is: a number that people read, made of what it counts at every position."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dltrain.core.component import Component
from dltrain.core.shapes import Shape
from dltrain.losses.base import Comparing, add_up, rows_of

Total = float | NDArray[np.float64]
"""What a metric adds up: a number, or several."""


class Metric(Component):
    """A number made of sums over positions that have a target: without more, their mean."""

    kind: ClassVar[str] = "metric"
    package: ClassVar[str] = "dltrain.metrics"

    activation: ClassVar[str | None] = None
    """What has to be the last activation, where that matters."""
    counts_classes: ClassVar[bool] = False
    """Whether it counts how classes are told, and says nothing of measurements."""

    def check(self, output: Shape, classes: int | None) -> None:
        """Raise ShapeError where the network's output does not suit this metric."""

    def totals(self, output: Shape) -> int:
        """Tell how many sums it needs."""
        return 1

    def forward(self, at: Comparing) -> None:
        """Write the rows that add what this metric counts to `at.total`."""
        raise NotImplementedError

    def value(self, total: Total, positions: float) -> float:
        """Give the metric, of all batches' sums and of the positions that they were taken at."""
        return float(total) / positions


def surprise(at: Comparing) -> None:
    """Write the row that adds up -log of the probabilities that a softmax gives to what is true."""
    add_up(
        at, "categorical_crossentropy_forward", at.logits, at.output, numbers=(0.0,), variant=(0,)
    )


def measure(at: Comparing, kernel: str) -> None:
    """Write the row of a kernel that compares in the units of the data."""
    factors = [scale for scale, _ in at.scales]
    at.row(
        kernel,
        variant=(int(at.target_form == "dense"), int(bool(at.scales))),
        reads=(at.output, at.target_buffer),
        writes=(at.total,),
        sizes=rows_of(at.output.shape),
        numbers=(*factors, *(offset for _, offset in at.scales)),
    )


def compare(at: Comparing, kernel: str, *sizes: int) -> None:
    """Write the row of a kernel with the operands (output, target, total)."""
    at.row(
        kernel,
        variant=(int(at.target_form == "dense"),),
        reads=(at.output, at.target_buffer),
        writes=(at.total,),
        sizes=(*rows_of(at.output.shape), *sizes),
    )
