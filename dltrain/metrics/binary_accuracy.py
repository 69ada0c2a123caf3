"""The share of yes-or-no answers that are right."""

from __future__ import annotations

from dltrain.losses.base import Comparing
from dltrain.metrics.base import Metric, compare


class BinaryAccuracy(Metric):
    """Share of outputs on the same side of 0.5 as their target."""

    def forward(self, at: Comparing) -> None:
        """Write the row that counts."""
        compare(at, "binary_correct")
