"""Channels weighed by what the whole image holds."""

from __future__ import annotations

from typing import Any

from dltrain.activations.base import Activation
from dltrain.activations.relu import Relu
from dltrain.activations.sigmoid import Sigmoid
from dltrain.core.fields import PositiveInteger
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer
from dltrain.initializers.glorot_uniform import GlorotUniform
from dltrain.layers.base import Builder, Layer, require
from dltrain.layers.conv2d import Conv2D
from dltrain.layers.global_average_pooling2d import GlobalAveragePooling2D
from dltrain.layers.multiply import Multiply
from dltrain.regularizers.base import Regularizer


class SqueezeExcitation(Layer):
    """Multiply each channel of an image by a number that two small layers make of all means.

    Shapes: x, y (height, width, channels); within, (1, 1, units) and (1, 1, channels).
    Source: Hu, Shen, Sun 2017, arXiv:1709.01507, with biases as in MobileNetV3 and EfficientNet.
    """

    ratio: PositiveInteger = 16
    """Channels of the image for each channel of the first layer, rounded down, one at least."""
    units: PositiveInteger | None = None
    """Channels of the first layer, instead of `ratio`."""
    squeeze_activation: Activation = Relu()
    """Function of the first layer."""
    gate_activation: Activation = Sigmoid()
    """Function of the second layer, whose numbers multiply."""
    kernel_initializer: Initializer = GlorotUniform()
    """Starting values of both kernels."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on both kernels, added to the loss."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        require(inputs[0], (3,), self)
        return inputs[0]

    def build(self, graph: Builder, *inputs: Any) -> Any:
        """Add the means, the two layers and the product."""
        (value,) = inputs
        channels = self.output_shape(value.shape)[2]
        units = max(1, channels // self.ratio) if self.units is None else self.units
        with graph.scope(self):
            means = graph.node(GlobalAveragePooling2D(keepdims=True), value)
            squeezed = graph.node(self._layer(units, self.squeeze_activation), means)
            gate = graph.node(self._layer(channels, self.gate_activation), squeezed)
            return graph.activate(self.activation, graph.node(Multiply(), value, gate))

    def _layer(self, filters: int, activation: Activation) -> Conv2D:
        return Conv2D(
            filters=filters,
            kernel_size=1,
            activation=activation,
            kernel_initializer=self.kernel_initializer,
            kernel_regularizer=self.kernel_regularizer,
        )
