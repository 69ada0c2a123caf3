"""Inception v3."""

from __future__ import annotations

from typing import ClassVar

from dltrain.activations.base import Activation
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, PositiveNumber, Share
from dltrain.layers.average_pooling2d import AveragePooling2D
from dltrain.layers.base import Layer
from dltrain.layers.dropout import Dropout
from dltrain.layers.global_average_pooling2d import GlobalAveragePooling2D
from dltrain.layers.max_pooling2d import MaxPooling2D
from dltrain.layers.parallel import Parallel
from dltrain.layers.sequential import Sequential
from dltrain.models.base import Model
from dltrain.models.parts import RELU, classifier, penalized, scaled
from dltrain.models.style import Style
from dltrain.regularizers.base import Regularizer

Branch = tuple[Layer, ...]
Size = int | tuple[int, int]
Step = tuple[int, Size]
"""Filters and kernel of a convolution that keeps the size of the image."""

STYLE = Style(RELU, epsilon=1e-3)
AVERAGED = AveragePooling2D(name="pool", pool_size=3, strides=1, padding=1, count_include_pad=True)
REDUCED = MaxPooling2D(name="pool", pool_size=3, strides=2)
WIDE, HIGH = (1, 7), (7, 1)
SQUARE = {"b": 32, "c": 64, "d": 64}
"""Filters behind the pooling in modules on images of 35x35."""
LONG = {"b": 128, "c": 160, "d": 160, "e": 192}
"""Filters between the long, flat convolutions in modules on images of 17x17."""


class InceptionV3(Model):
    """Inception v3 for images of 299x299: modules of small and of long, flat convolutions.

    torchvision's without the auxiliary outputs; for 1000 classes it has 23,834,568 parameters.
    Source: Szegedy, Vanhoucke, Ioffe, Shlens, Wojna 2015, arXiv:1512.00567, table 1.
    """

    image_size: ClassVar[int] = 299

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    width: PositiveNumber = 1.0
    """Multiple of all numbers of channels."""
    dropout: Share = 0.5
    """Share of numbers left out before the last layer while training."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        modules = [
            self._stem(),
            *[self._square(f"module5{key}", filters) for key, filters in SQUARE.items()],
            self._to_17(),
            *[self._long(f"module6{key}", filters) for key, filters in LONG.items()],
            self._to_8(),
            *[self._split(f"module7{key}") for key in "bc"],
        ]
        ending = (GlobalAveragePooling2D(), Dropout(rate=self.dropout), classifier(self))
        return penalized((*modules, *ending), self.kernel_regularizer)

    def _stem(self) -> Layer:
        first = (
            *self._conv("conv1", 32, 3, strides=2, padded=False),
            *self._conv("conv2", 32, 3, padded=False),
            *self._conv("conv3", 64, 3),
            MaxPooling2D(pool_size=3, strides=2),
        )
        second = (*self._conv("conv4", 80, 1), *self._conv("conv5", 192, 3, padded=False))
        pooling = MaxPooling2D(pool_size=3, strides=2)
        return Sequential(name="stem", layers=(*first, *second, pooling))

    def _square(self, name: str, pooled: int) -> Layer:
        branches = (
            self._branch("conv1", (64, 1)),
            self._branch("conv5", (48, 1), (64, 5)),
            self._branch("double", (64, 1), (96, 3), (96, 3)),
            (AVERAGED, *self._conv("pool_conv", pooled, 1)),
        )
        return Parallel(name=name, branches=branches)

    def _long(self, name: str, filters: int) -> Layer:
        n = filters
        branches = (
            self._branch("conv1", (192, 1)),
            self._branch("conv7", (n, 1), (n, WIDE), (192, HIGH)),
            self._branch("double", (n, 1), (n, HIGH), (n, WIDE), (n, HIGH), (192, WIDE)),
            (AVERAGED, *self._conv("pool_conv", 192, 1)),
        )
        return Parallel(name=name, branches=branches)

    def _split(self, name: str) -> Layer:
        branches = (
            self._branch("conv1", (320, 1)),
            (*self._branch("conv3", (384, 1)), self._fork("conv3_split")),
            (*self._branch("double", (448, 1), (384, 3)), self._fork("double_split")),
            (AVERAGED, *self._conv("pool_conv", 192, 1)),
        )
        return Parallel(name=name, branches=branches)

    def _fork(self, name: str) -> Layer:
        ways = (self._conv("wide", 384, (1, 3)), self._conv("high", 384, (3, 1)))
        return Parallel(name=name, branches=ways)

    def _to_17(self) -> Layer:
        branches = (
            self._conv("conv3", 384, 3, strides=2, padded=False),
            (*self._branch("double", (64, 1), (96, 3)), *self._halving("double_3", 96)),
            (REDUCED,),
        )
        return Parallel(name="module6a", branches=branches)

    def _to_8(self) -> Layer:
        long = self._branch("conv7", (192, 1), (192, WIDE), (192, HIGH))
        branches = (
            (*self._branch("conv3", (192, 1)), *self._halving("conv3_2", 320)),
            (*long, *self._halving("conv7_4", 192)),
            (REDUCED,),
        )
        return Parallel(name="module7a", branches=branches)

    def _branch(self, name: str, *steps: Step) -> Branch:
        """Give convolutions in a row, numbered where there are several."""
        names = [name] if len(steps) == 1 else [f"{name}_{n}" for n in range(1, len(steps) + 1)]
        return tuple(
            layer
            for own, (filters, size) in zip(names, steps, strict=True)
            for layer in self._conv(own, filters, size)
        )

    def _halving(self, name: str, filters: int) -> Branch:
        return self._conv(name, filters, 3, strides=2, padded=False)

    def _conv(
        self, name: str, filters: int, size: Size, *, strides: int = 1, padded: bool = True
    ) -> Branch:
        filters = scaled(filters, self.width)
        return STYLE.convolved(name, filters, size, strides=strides, padded=padded)
