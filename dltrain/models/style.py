"""What the convolutions of a network have in common."""

from __future__ import annotations

from dataclasses import dataclass

from dltrain.activations.base import Activation
from dltrain.activations.sigmoid import Sigmoid
from dltrain.layers.base import Layer
from dltrain.layers.batch_normalization import BatchNormalization
from dltrain.layers.conv2d import Conv2D
from dltrain.layers.depthwise_conv2d import DepthwiseConv2D
from dltrain.models.parts import RELU, he

SIGMOID = Sigmoid()


@dataclass(frozen=True)
class Style:
    """Makes convolutions without bias, and the batch normalizations behind them."""

    activation: Activation
    """The function after all but the last convolution of a block."""
    epsilon: float = 1e-5
    momentum: float = 0.9
    squeeze_activation: Activation = RELU
    gate_activation: Activation = SIGMOID

    def convolved(
        self,
        name: str,
        filters: int,
        size: int | tuple[int, int],
        *,
        strides: int = 1,
        padded: bool = True,
        activated: bool = True,
    ) -> tuple[Layer, Layer]:
        """Give a convolution with this name and the batch normalization behind it.

        Where it is `padded`, the size of the image changes by the strides alone.
        """
        around = size // 2 if isinstance(size, int) else (size[0] // 2, size[1] // 2)
        convolution = Conv2D(
            name=name,
            filters=filters,
            kernel_size=size,
            strides=strides,
            padding=around or "valid" if padded else "valid",
            use_bias=False,
            kernel_initializer=he(),
        )
        return convolution, self.normalized(name, activated=activated)

    def depthwise(self, size: int, strides: int) -> tuple[Layer, Layer]:
        """Give a convolution channel by channel and the batch normalization behind it."""
        convolution = DepthwiseConv2D(
            name="depthwise",
            kernel_size=size,
            strides=strides,
            padding=size // 2,
            use_bias=False,
            depthwise_initializer=he(),
        )
        return convolution, self.normalized("depthwise")

    def normalized(self, name: str, *, activated: bool = True) -> Layer:
        """Give the batch normalization behind a layer of this name."""
        return BatchNormalization(
            name=f"{name}_norm",
            momentum=self.momentum,
            epsilon=self.epsilon,
            activation=self.activation if activated else None,
        )
