"""How far outputs are from targets, squared."""

from __future__ import annotations

from dltrain.losses.base import Comparing
from dltrain.metrics.base import Metric, compare


class MeanSquaredError(Metric):
    """Mean of (output - target) squared."""

    def forward(self, at: Comparing) -> None:
        """Write the row that adds up the squares."""
        compare(at, "mean_squared_error_forward")
