"""LeNet-5."""

from __future__ import annotations

from typing import ClassVar

from dltrain.activations.base import Activation
from dltrain.activations.softmax import Softmax
from dltrain.activations.tanh import Tanh
from dltrain.core.fields import Count, PositiveInteger
from dltrain.layers.average_pooling2d import AveragePooling2D
from dltrain.layers.base import Layer
from dltrain.layers.conv2d import Conv2D
from dltrain.layers.dense import Dense
from dltrain.layers.flatten import Flatten
from dltrain.models.base import Model
from dltrain.models.parts import classifier, penalized
from dltrain.regularizers.base import Regularizer


class Lenet5(Model):
    """LeNet-5 for handwritten digits: two convolutions with pooling, three dense layers.

    As it is usually built today: plain averages, every filter sees all channels, and the last layer
    is dense. For 10 classes there are 61,706 parameters.
    Source: LeCun, Bottou, Bengio, Haffner 1998, Proceedings of the IEEE 86, section II.B.
    """

    image_size: ClassVar[int] = 28

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    padding: Count = 2
    """Zeros around the image: 2 make 28x28 the paper's 32x32, which itself needs 0."""
    activation: Activation = Tanh()
    """Function after each layer but the last."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        function = self.activation
        layers = (
            Conv2D(name="conv1", filters=6, kernel_size=5, padding=self.padding,
                   activation=function),
            AveragePooling2D(name="pool1"),
            Conv2D(name="conv2", filters=16, kernel_size=5, activation=function),
            AveragePooling2D(name="pool2"),
            Flatten(),
            Dense(name="hidden1", units=120, activation=function),
            Dense(name="hidden2", units=84, activation=function),
            classifier(self),
        )  # fmt: skip
        return penalized(layers, self.kernel_regularizer)
