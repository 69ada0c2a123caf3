"""Images shifted at random."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dltrain.core.fields import PositiveInteger
from dltrain.data.augmentations.base import Augmentation


class RandomCrop(Augmentation):
    """Put a black border around an image and cut its old size out at a random place.

    Source: He et al. 2016, arXiv:1512.03385, section 4.2, with padding 4.
    """

    draws: ClassVar[int] = 2

    padding: PositiveInteger
    """Width of the border in pixels: the largest shift."""

    def apply(self, x: NDArray[Any], draws: NDArray[np.float64]) -> NDArray[Any]:
        """Cut a window out of every padded image; each place is equally likely."""
        count, height, width, channels = x.shape
        border = self.padding
        padded = np.zeros((count, height + 2 * border, width + 2 * border, channels), x.dtype)
        padded[:, border : border + height, border : border + width] = x
        corners = (draws * (2 * border + 1)).astype(np.intp)
        for sample, (top, left) in enumerate(corners):
            x[sample] = padded[sample, top : top + height, left : left + width]
        return x
