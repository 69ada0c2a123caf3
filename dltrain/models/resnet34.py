"""ResNet-34."""

from __future__ import annotations

from dltrain.activations.base import Activation
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, PositiveNumber
from dltrain.layers.base import Layer
from dltrain.models.base import Model
from dltrain.models.parts import Stem
from dltrain.models.residual_networks import for_photos
from dltrain.regularizers.base import Regularizer


class Resnet34(Model):
    """ResNet-34: two 3x3 convolutions beside a shortcut, 16 times over.

    torchvision's for 1000 classes has 21,797,672 parameters.
    Source: He, Zhang, Ren, Sun 2015, arXiv:1512.03385, table 1; strides as in torchvision.
    """

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    width: PositiveNumber = 1.0
    """Multiple of all numbers of channels."""
    stem: Stem = "large"
    """`large` makes images a quarter as high and wide at once; `small` is for those of 32x32."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        return for_photos(self, (3, 4, 6, 3), bottleneck=False)
