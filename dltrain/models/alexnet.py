"""AlexNet."""

from __future__ import annotations

from dltrain.activations.base import Activation
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, PositiveNumber, Share
from dltrain.layers.base import Layer
from dltrain.layers.conv2d import Conv2D
from dltrain.layers.max_pooling2d import MaxPooling2D
from dltrain.models.base import Model
from dltrain.models.parts import RELU, dense_ending, he, penalized, scaled
from dltrain.regularizers.base import Regularizer


class Alexnet(Model):
    """AlexNet for images of 224x224: five convolutions, three dense layers.

    torchvision's, which is the paper's "one weird trick" variant for one device; with 1000 classes
    and 224x224 it has 61,100,840 parameters.
    Source: Krizhevsky 2014, arXiv:1404.5997, after Krizhevsky, Sutskever, Hinton 2012.
    """

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    width: PositiveNumber = 1.0
    """Multiple of all numbers of channels."""
    units: PositiveInteger = 4096
    """Outputs of the first two dense layers."""
    dropout: Share = 0.5
    """Share of numbers left out before these layers while training."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        layers = (
            self._conv(1, 64, 11, 2, strides=4),
            MaxPooling2D(name="pool1", pool_size=3, strides=2),
            self._conv(2, 192, 5, 2),
            MaxPooling2D(name="pool2", pool_size=3, strides=2),
            self._conv(3, 384, 3, 1),
            self._conv(4, 256, 3, 1),
            self._conv(5, 256, 3, 1),
            MaxPooling2D(name="pool5", pool_size=3, strides=2),
        )
        ending = dense_ending(self, drop_first=True)
        return penalized((*layers, *ending), self.kernel_regularizer)

    def _conv(self, number: int, filters: int, size: int, padding: int, strides: int = 1) -> Layer:
        return Conv2D(
            name=f"conv{number}", filters=scaled(filters, self.width), kernel_size=size,
            strides=strides, padding=padding, activation=RELU, kernel_initializer=he(),
        )  # fmt: skip
