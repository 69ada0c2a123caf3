"""How many bits a language model needs to write a text down."""

from __future__ import annotations

import math
from typing import ClassVar

from dltrain.losses.base import Comparing
from dltrain.metrics.base import Metric, Total, surprise


class BitsPerCharacter(Metric):
    """Mean of -log2 of the probability of the true token, which is a character.

    Of other tokens these are the bits per token.
    """

    activation: ClassVar[str | None] = "softmax"

    def forward(self, at: Comparing) -> None:
        """Write the row that adds up -log."""
        surprise(at)

    def value(self, total: Total, positions: float) -> float:
        """Take the mean over all positions, in bits."""
        return float(total) / positions / math.log(2)
