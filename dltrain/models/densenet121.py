"""DenseNet-121."""

from __future__ import annotations

from dltrain.activations.base import Activation
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger
from dltrain.layers.average_pooling2d import AveragePooling2D
from dltrain.layers.base import Layer
from dltrain.layers.conv2d import Conv2D
from dltrain.layers.global_average_pooling2d import GlobalAveragePooling2D
from dltrain.layers.parallel import Parallel
from dltrain.layers.sequential import Sequential
from dltrain.models.base import Model
from dltrain.models.parts import RELU, Stem, classifier, he, image_stem, normalized, penalized
from dltrain.regularizers.base import Regularizer

BLOCKS = (6, 12, 24, 16)


class Densenet121(Model):
    """DenseNet-121: every layer of a block sees the outputs of all layers before it.

    torchvision's for 1000 classes has 7,978,856 parameters.
    Source: Huang, Liu, van der Maaten, Weinberger 2016, arXiv:1608.06993, table 1.
    """

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    growth: PositiveInteger = 32
    """Channels that each layer adds."""
    stem: Stem = "large"
    """`large` makes images a quarter as high and wide at once; `small` is for those of 32x32."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        channels = 2 * self.growth
        layers: list[Layer] = [image_stem(channels, self.stem)]
        for block, count in enumerate(BLOCKS, start=1):
            layers += [self._layer(f"block{block}_layer{n}") for n in range(1, count + 1)]
            channels += count * self.growth
            if block < len(BLOCKS):
                channels //= 2
                layers.append(_transition(f"transition{block}", channels))
        ending = (normalized("", activation=RELU), GlobalAveragePooling2D(), classifier(self))
        return penalized((*layers, *ending), self.kernel_regularizer)

    def _layer(self, name: str) -> Layer:
        new = (
            normalized(1, activation=RELU),
            _convolution(1, 4 * self.growth, 1),
            normalized(2, activation=RELU),
            _convolution(2, self.growth, 3),
        )
        return Parallel(name=name, branches=((), new))


def _transition(name: str, channels: int) -> Layer:
    convolution = _convolution("", channels, 1)
    pooling = AveragePooling2D(name="pool")
    return Sequential(name=name, layers=(normalized("", activation=RELU), convolution, pooling))


def _convolution(number: int | str, filters: int, size: int) -> Layer:
    return Conv2D(
        name=f"conv{number}", filters=filters, kernel_size=size, padding=size // 2 or "valid",
        use_bias=False, kernel_initializer=he(),
    )  # fmt: skip
