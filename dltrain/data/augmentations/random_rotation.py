"""Images turned at random."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from dltrain.data.augmentations.base import Augmentation


class RandomRotation(Augmentation):
    """Turn an image about its centre by a random angle; what comes in from outside is black."""

    draws: ClassVar[int] = 1

    degrees: Annotated[float, Field(strict=True, gt=0, le=180)]
    """The largest angle, either way."""

    def apply(self, x: NDArray[Any], draws: NDArray[np.float64]) -> NDArray[Any]:
        """Turn every image, with bilinear interpolation, one channel at a time."""
        angles = (2 * draws[:, 0] - 1) * self.degrees
        for image, angle in zip(x, angles, strict=True):
            for channel in range(x.shape[3]):
                image[:, :, channel] = _turned(image[:, :, channel], float(angle))
        return x


def _turned(plane: NDArray[Any], angle: float) -> NDArray[Any]:
    from PIL import Image

    eight_bit = plane.dtype == np.uint8
    source = Image.fromarray(np.ascontiguousarray(plane if eight_bit else plane.astype("f4")))
    turned = np.asarray(source.rotate(angle, Image.Resampling.BILINEAR))
    whole = np.issubdtype(plane.dtype, np.integer)
    return np.asarray(np.rint(turned) if whole else turned, plane.dtype)
