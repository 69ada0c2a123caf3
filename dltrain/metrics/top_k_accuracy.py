"""The share of samples whose class is among the likeliest."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.fields import PositiveInteger
from dltrain.losses.base import Comparing
from dltrain.metrics.base import Metric, compare


class TopKAccuracy(Metric):
    """Share of samples whose true class is among the k highest outputs."""

    counts_classes: ClassVar[bool] = True
    type_name: ClassVar[str] = "top_k_accuracy"

    k: PositiveInteger = 5
    """Outputs that count."""

    def forward(self, at: Comparing) -> None:
        """Write the row that counts."""
        compare(at, "top_k_correct", self.k)
