"""How much of what differs between targets is told."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dltrain.core.shapes import Shape
from dltrain.losses.base import Comparing, rows_of
from dltrain.metrics.base import Metric, Total, compare


class R2Score(Metric):
    """1 - squared errors / squared distances of the targets from their mean; 1 is perfect.

    Taken over all samples at once; of several outputs the mean of their scores. Where targets are
    all the same, it is 1 without errors, else 0, as in scikit-learn.
    """

    type_name: ClassVar[str] = "r2_score"

    def totals(self, output: Shape) -> int:
        """Ask for three sums of each output: targets, their squares, and the squares of errors."""
        return 3 * rows_of(output)[1]

    def forward(self, at: Comparing) -> None:
        """Write the row that adds them up."""
        compare(at, "squares_of_units")

    def value(self, total: Total, positions: float) -> float:
        """Compare errors with what targets differ by."""
        targets, squares, errors = np.asarray(total, np.float64).reshape(3, -1)
        around = squares - targets**2 / positions
        # What rounding leaves where all targets are the same.
        same = around <= 1e-12 * squares
        scores = 1 - errors / np.where(same, 1.0, around)
        constant = np.where(errors > 0, 0.0, 1 - errors)
        return float(np.mean(np.where(same, constant, scores)))
