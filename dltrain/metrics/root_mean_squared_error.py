"""How far outputs are from targets, large distances counting more."""

from __future__ import annotations

import math

from dltrain.losses.base import Comparing
from dltrain.metrics.base import Metric, Total, measure


class RootMeanSquaredError(Metric):
    """Root of the mean of (output - target) squared, in the units of the data."""

    def forward(self, at: Comparing) -> None:
        """Write the row that adds up the squares."""
        measure(at, "squared_error")

    def value(self, total: Total, positions: float) -> float:
        """Take the root of the mean over all samples."""
        mean = float(total) / positions
        return math.sqrt(mean) if mean >= 0 else mean  # NaN stays
