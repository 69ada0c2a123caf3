"""Images mirrored at random."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from dltrain.data.augmentations.base import Augmentation


class RandomFlip(Augmentation):
    """Mirror half of the images left to right, top to bottom, or each by itself."""

    draws: ClassVar[int] = 2

    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"] = "horizontal"
    """Which directions are mirrored, each in half of the images."""

    def apply(self, x: NDArray[Any], draws: NDArray[np.float64]) -> NDArray[Any]:
        """Mirror the images whose number is below one half."""
        if "horizontal" in self.mode:
            chosen = draws[:, 0] < 0.5
            x[chosen] = x[chosen, :, ::-1]
        if "vertical" in self.mode:
            chosen = draws[:, 1] < 0.5
            x[chosen] = x[chosen, ::-1]
        return x
