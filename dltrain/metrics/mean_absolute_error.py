"""How far outputs are from targets."""

from __future__ import annotations

from dltrain.losses.base import Comparing
from dltrain.metrics.base import Metric, compare


class MeanAbsoluteError(Metric):
    """Mean of |output - target|."""

    def forward(self, at: Comparing) -> None:
        """Write the row that adds up the distances."""
        compare(at, "absolute_error")
