"""Among how many tokens a language model wavers."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dltrain.losses.base import Comparing
from dltrain.metrics.base import Metric, Total, surprise


class Perplexity(Metric):
    """e to the mean of -log of the probability of the true class or token.

    A network that wavers among n of them evenly has n.
    """

    activation: ClassVar[str | None] = "softmax"

    def forward(self, at: Comparing) -> None:
        """Write the row that adds up -log."""
        surprise(at)

    def value(self, total: Total, positions: float) -> float:
        """Take the exponential of the mean over all positions."""
        with np.errstate(over="ignore"):
            return float(np.exp(total / positions))
