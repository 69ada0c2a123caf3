"""How far outputs are from targets, squared."""

from __future__ import annotations

from dltrain.losses.base import Comparing
from dltrain.metrics.base import Metric, measure


class MeanSquaredError(Metric):
    """Mean of (output - target) squared, in the units of the data."""

    def forward(self, at: Comparing) -> None:
        """Write the row that adds up the squares."""
        measure(at, "squared_error")
