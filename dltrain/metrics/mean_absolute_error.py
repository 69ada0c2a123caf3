"""How far outputs are from targets."""

from __future__ import annotations

from dltrain.losses.base import Comparing
from dltrain.metrics.base import Metric, measure


class MeanAbsoluteError(Metric):
    """Mean of |output - target|, in the units of the data."""

    def forward(self, at: Comparing) -> None:
        """Write the row that adds up the distances."""
        measure(at, "absolute_error")
