"""Images of another size."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import ShapeError
from dltrain.core.fields import PositiveInteger
from dltrain.core.shapes import Shape, describe, kind_of
from dltrain.data.label_maps import resized_labels
from dltrain.data.transforms.base import Transform


class Resize(Transform):
    """Bring images to one height and width, whatever their own; the aspect is not kept.

    Making an image smaller averages over all pixels it covers (Pillow's resampling), so no pixel
    is left out.
    """

    on_pixels: ClassVar[bool] = True

    size: tuple[PositiveInteger, PositiveInteger]
    """Height and width in pixels."""
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] = "bilinear"
    """How values between pixels are found."""

    @property
    def fixes_size(self) -> bool:
        """Whether images of any size come out with the same height and width."""
        return True

    def output_shape(self, shape: Shape) -> Shape:
        """Give (height, width, channels) after the resizing."""
        if len(shape) != 3:
            raise ShapeError(
                "resize takes images, but the samples are "
                f"{kind_of(shape)} of shape {describe(shape)}"
            )
        return (*self.size, shape[2])

    def apply(self, x: NDArray[Any]) -> NDArray[Any]:
        """Resize a batch of images, one channel at a time."""
        if x.shape[1:3] == tuple(self.size):
            return x
        y = np.empty((len(x), *self.size, x.shape[3]), x.dtype)
        for image, resized in zip(x, y, strict=True):
            for channel in range(x.shape[3]):
                resized[:, :, channel] = self._plane(image[:, :, channel])
        return y

    def apply_to_labels(self, labels: NDArray[Any]) -> NDArray[Any]:
        """Resize maps of labels; each pixel gets the label of the nearest one."""
        return resized_labels(labels, self.size)

    def _plane(self, plane: NDArray[Any]) -> NDArray[Any]:
        from PIL import Image

        height, width = self.size
        # Pillow resamples 8-bit and float planes; 16-bit ones go through float32 without a loss.
        eight_bit = plane.dtype == np.uint8
        source = Image.fromarray(np.ascontiguousarray(plane if eight_bit else plane.astype("f4")))
        method = Image.Resampling[self.interpolation.upper()]
        resized = np.asarray(source.resize((width, height), method))
        if plane.dtype == np.uint16:
            resized = np.clip(np.rint(resized), 0, 65535)
        return np.asarray(resized, plane.dtype)
