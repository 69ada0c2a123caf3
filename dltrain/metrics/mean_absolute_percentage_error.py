"""How far outputs are from targets, beside the targets."""

from __future__ import annotations

from dltrain.losses.base import Comparing
from dltrain.metrics.base import Metric, measure


class MeanAbsolutePercentageError(Metric):
    """Mean of 100 |output - target| / |target|, in the units of the data.

    A target nearer to 0 than 1e-7 counts as that, as in Keras.
    """

    def forward(self, at: Comparing) -> None:
        """Write the row that adds up the shares."""
        measure(at, "percentage_error")
