"""The share of samples, or pixels, that are classified correctly."""

from __future__ import annotations

from typing import ClassVar

from dltrain.losses.base import Comparing, rows_of
from dltrain.metrics.base import Metric, compare


class Accuracy(Metric):
    """Share of samples (or pixels) whose true class has the highest output.

    An output of one unit is right when it is above 0.5 for class 1, and not above it for class 0.
    """

    counts_classes: ClassVar[bool] = True

    def forward(self, at: Comparing) -> None:
        """Write the row that counts."""
        if rows_of(at.output.shape)[1] == 1:
            compare(at, "binary_correct")
        else:
            compare(at, "top_k_correct", 1)
