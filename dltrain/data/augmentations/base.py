"""What an augmentation is: a random change of a training sample."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dltrain.core.component import Component
from dltrain.core.errors import ShapeError
from dltrain.core.labels import VOID
from dltrain.core.shapes import Shape, describe, kind_of


class Augmentation(Component):
    """A function of a sample and a few random numbers; the shape stays as it is.

    Works on samples as they are stored (8 or 16-bit pixels, or floats), before they are scaled.
    """

    kind: ClassVar[str] = "augment"
    package: ClassVar[str] = "dltrain.data.augmentations"

    draws: ClassVar[int] = 1
    """How many random numbers a sample needs."""

    def apply(self, x: NDArray[Any], draws: NDArray[np.float64]) -> NDArray[Any]:
        """Change a batch [n, ...]; `draws` [n, draws] is uniform in [0, 1). `x` may be reused."""
        raise NotImplementedError

    def apply_to_labels(self, labels: NDArray[Any], draws: NDArray[np.float64]) -> NDArray[Any]:
        """Change maps of labels [n, height, width] as their images; what comes in has no label."""
        # What comes into an image is 0, and so VOID is made 0.
        moved = self.apply((labels - VOID)[..., np.newaxis], draws)
        return moved[..., 0] + VOID

    def check(self, shape: Shape) -> None:
        """Raise ShapeError unless samples are images."""
        if len(shape) != 3:
            raise ShapeError(
                f"{self.type_name} takes images, but the samples are {kind_of(shape)} "
                f"of shape {describe(shape)}"
            )
