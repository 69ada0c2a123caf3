"""Convolutions over time that see further block by block."""

from __future__ import annotations

from typing import ClassVar, Literal

from dltrain.activations.base import Activation
from dltrain.activations.linear import Linear
from dltrain.activations.relu import Relu
from dltrain.core.fields import PositiveInteger, Share
from dltrain.layers.base import Layer
from dltrain.layers.conv1d import Conv1D
from dltrain.layers.dropout import Dropout
from dltrain.layers.global_average_pooling1d import GlobalAveragePooling1D
from dltrain.layers.residual import Residual
from dltrain.layers.take_step import TakeStep
from dltrain.models.base import Model
from dltrain.models.parts import classifier, he, penalized
from dltrain.regularizers.base import Regularizer


class Tcn(Model):
    """Temporal convolutional network: causal convolutions whose dilation doubles in each block.

    Its last step sees 1 + 2 (kernel_size - 1) (2 ** depth - 1) steps. Weights are not normalized.
    Source: Bai, Kolter, Koltun 2018, arXiv:1803.01271.
    """

    reads_series: ClassVar[bool] = True

    classes: PositiveInteger | None = None
    """Classes, or numbers to be told; default: those of the data set."""
    filters: PositiveInteger = 64
    """Features of every step behind each block."""
    kernel_size: PositiveInteger = 3
    """Steps of each kernel."""
    depth: PositiveInteger = 4
    """Blocks; those from the second on look twice as far as the one before."""
    activation: Activation = Relu()
    """Function after each convolution and each block."""
    dropout: Share = 0.2
    """Share of numbers left out after each convolution while training."""
    summary: Literal["last", "average"] = "last"
    """What is told from: the last step, or the average of all."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Linear()
    """Function of the outputs: linear for numbers, softmax for classes."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        blocks = (self._block(number) for number in range(1, self.depth + 1))
        whole = GlobalAveragePooling1D() if self.summary == "average" else TakeStep(step=-1)
        return penalized((*blocks, whole, classifier(self)), self.kernel_regularizer)

    def _block(self, number: int) -> Layer:
        layers: list[Layer] = []
        for place in (1, 2):
            layers.append(
                Conv1D(
                    name=f"conv{place}",
                    filters=self.filters,
                    kernel_size=self.kernel_size,
                    padding="causal",
                    dilation_rate=2 ** (number - 1),
                    activation=self.activation,
                    kernel_initializer=he(),
                )
            )
            if self.dropout:
                layers.append(Dropout(rate=self.dropout))
        # The first block brings the channels of the series to its filters.
        around = (Conv1D(name="shortcut", filters=self.filters, kernel_size=1),)
        return Residual(
            name=f"block{number}",
            layers=tuple(layers),
            shortcut=around if number == 1 else (),
            activation=self.activation,
        )
