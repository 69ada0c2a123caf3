"""ConvNeXt-Tiny."""

from __future__ import annotations

from dltrain.activations.base import Activation
from dltrain.activations.gelu import Gelu
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, PositiveNumber, Share
from dltrain.initializers.truncated_normal import TruncatedNormal
from dltrain.layers.base import Layer
from dltrain.layers.conv2d import Conv2D
from dltrain.layers.depthwise_conv2d import DepthwiseConv2D
from dltrain.layers.global_average_pooling2d import GlobalAveragePooling2D
from dltrain.layers.layer_normalization import LayerNormalization
from dltrain.layers.layer_scale import LayerScale
from dltrain.layers.residual import Residual
from dltrain.layers.sequential import Sequential
from dltrain.layers.stochastic_depth import StochasticDepth
from dltrain.models.base import Model
from dltrain.models.parts import Stem, classifier, penalized, scaled
from dltrain.regularizers.base import Regularizer

BLOCKS = (3, 3, 9, 3)
GELU, START = Gelu(), TruncatedNormal(stddev=0.02)


class ConvnextTiny(Model):
    """ConvNeXt-Tiny: 7x7 convolutions channel by channel, then two 1x1, as in a transformer.

    torchvision's for 1000 classes has 28,589,128 parameters.
    Source: Liu, Mao, Wu, Feichtenhofer, Darrell, Xie 2022, arXiv:2201.03545, table 9.
    """

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    width: PositiveNumber = 1.0
    """Multiple of all numbers of channels."""
    stem: Stem = "large"
    """`large` begins with patches of 4x4 pixels; `small`, for images of 32x32, with single ones."""
    stochastic_depth: Share = 0.1
    """Share of samples that pass the last block by while training; earlier ones fewer."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        channels = [scaled(96 * 2**stage, self.width) for stage in range(len(BLOCKS))]
        patch = 4 if self.stem == "large" else 1
        stem = (_convolution("conv", channels[0], patch, patch), _normalization("norm"))
        layers: list[Layer] = [Sequential(name="stem", layers=stem)]
        done, total = 0, sum(BLOCKS) - 1
        for stage, count in enumerate(BLOCKS):
            filters = channels[stage]
            if stage:
                halved = (_normalization("norm"), _convolution("conv", filters, 2, 2))
                layers.append(Sequential(name=f"downsample{stage}", layers=halved))
            for number in range(count):
                rate = self.stochastic_depth * done / total
                layers.append(_block(f"stage{stage + 1}_block{number + 1}", filters, rate))
                done += 1
        last = classifier(self, kernel_initializer=START)
        ending = (GlobalAveragePooling2D(), _normalization("norm"), last)
        return penalized((*layers, *ending), self.kernel_regularizer)


def _block(name: str, filters: int, rate: float) -> Layer:
    depth = (StochasticDepth(rate=rate),) if rate else ()
    layers = (
        DepthwiseConv2D(name="depthwise", kernel_size=7, padding=3, depthwise_initializer=START),
        _normalization("norm"),
        _convolution("widen", 4 * filters, 1, activation=GELU),
        _convolution("narrow", filters, 1),
        LayerScale(name="scale"),
    )
    return Residual(name=name, layers=(*layers, *depth))


def _normalization(name: str) -> Layer:
    return LayerNormalization(name=name, epsilon=1e-6)


def _convolution(
    name: str, filters: int, size: int, strides: int = 1, activation: Activation | None = None
) -> Layer:
    return Conv2D(
        name=name, filters=filters, kernel_size=size, strides=strides, activation=activation,
        kernel_initializer=START,
    )  # fmt: skip
