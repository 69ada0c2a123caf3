"""U-Net."""

from __future__ import annotations

from typing import ClassVar

from dltrain.activations.base import Activation
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, PositiveNumber, Share
from dltrain.layers.base import Layer
from dltrain.layers.concatenate import Concatenate
from dltrain.layers.conv2d import Conv2D
from dltrain.layers.conv2d_transpose import Conv2DTranspose
from dltrain.layers.dropout import Dropout
from dltrain.layers.max_pooling2d import MaxPooling2D
from dltrain.layers.sequential import Sequential
from dltrain.models.base import Model
from dltrain.models.parts import convolved, he, penalized, scaled
from dltrain.regularizers.base import Regularizer


class Unet(Model):
    """U-Net: classes of each pixel, from an encoder and a decoder joined at every size.

    With `padding: same` and batch normalization, as it is usually built today, so that the output
    is as large as the image; height and width must be divisible by two as often as `depth` says.
    For two classes and images of three channels there are 31,037,698 parameters.
    Source: Ronneberger, Fischer, Brox 2015, arXiv:1505.04597, figure 1.
    """

    image_size: ClassVar[int] = 128
    per_pixel: ClassVar[bool] = True
    advice: ClassVar[str | None] = (
        "take images whose height and width two divides `depth` times, or a smaller `depth`"
    )

    classes: PositiveInteger | None = None
    """Classes of a pixel; default: those of the data set."""
    width: PositiveNumber = 1.0
    """Multiple of all numbers of channels, which are 64 at the size of the image."""
    depth: PositiveInteger = 4
    """How often the image is made half as high and wide, and twice as large again."""
    dropout: Share = 0.0
    """Share of numbers left out at the smallest size while training."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs of each pixel."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        layers: list[Layer] = []
        for level in range(1, self.depth + 1):
            layers += [self._twice(f"down{level}", level), MaxPooling2D(name=f"pool{level}")]
        layers.append(self._twice("bottom", self.depth + 1))
        if self.dropout:
            layers.append(Dropout(rate=self.dropout))
        for level in range(self.depth, 0, -1):
            layers += self._up(level)
        last = Conv2D(
            name="classifier", filters=self.classes or "classes", kernel_size=1,
            activation=self.classifier_activation,
        )  # fmt: skip
        return penalized((*layers, last), self.kernel_regularizer)

    def _up(self, level: int) -> tuple[Layer, ...]:
        enlarged = Conv2DTranspose(
            name=f"enlarge{level}", filters=self._filters(level), kernel_size=2, strides=2,
            kernel_initializer=he(),
        )  # fmt: skip
        joined = Concatenate(name=f"join{level}", inputs=(f"down{level}", f"enlarge{level}"))
        return enlarged, joined, self._twice(f"up{level}", level)

    def _twice(self, name: str, level: int) -> Layer:
        filters = self._filters(level)
        return Sequential(name=name, layers=(*convolved(1, filters, 3), *convolved(2, filters, 3)))

    def _filters(self, level: int) -> int:
        return scaled(32 * 2**level, self.width)
