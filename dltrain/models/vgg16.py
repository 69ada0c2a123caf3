"""VGG-16."""

from __future__ import annotations

from dltrain.activations.base import Activation
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, PositiveNumber, Share
from dltrain.layers.base import Layer
from dltrain.models.base import Model
from dltrain.models.vgg_networks import vgg
from dltrain.regularizers.base import Regularizer


class Vgg16(Model):
    """VGG-16: thirteen 3x3 convolutions in five blocks, three dense layers.

    torchvision's for 1000 classes and images of 224x224 has 138,357,544 parameters.
    Source: Simonyan, Zisserman 2014, arXiv:1409.1556, table 1, column D.
    """

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    width: PositiveNumber = 1.0
    """Multiple of all numbers of channels."""
    units: PositiveInteger = 4096
    """Outputs of the first two dense layers."""
    dropout: Share = 0.5
    """Share of numbers left out after these layers while training."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        return vgg(self, (2, 2, 3, 3, 3))
