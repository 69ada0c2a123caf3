"""ResNet-20."""

from __future__ import annotations

from typing import ClassVar

from dltrain.activations.base import Activation
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, PositiveNumber
from dltrain.layers.base import Layer
from dltrain.models.base import Model
from dltrain.models.residual_networks import for_small_images
from dltrain.regularizers.base import Regularizer


class Resnet20(Model):
    """ResNet-20 for images of 32x32: two 3x3 convolutions beside a shortcut, 9 times over.

    The shortcuts have no parameters (option A); for 10 classes there are 269,722.
    Source: He, Zhang, Ren, Sun 2015, arXiv:1512.03385, section 4.2.
    """

    image_size: ClassVar[int] = 32

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    width: PositiveNumber = 1.0
    """Multiple of all numbers of channels."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        return for_small_images(self, blocks=3)
