"""GoogLeNet."""

from __future__ import annotations

from dltrain.activations.base import Activation
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, PositiveNumber, Share
from dltrain.layers.base import Layer
from dltrain.layers.dropout import Dropout
from dltrain.layers.global_average_pooling2d import GlobalAveragePooling2D
from dltrain.layers.max_pooling2d import MaxPooling2D
from dltrain.layers.parallel import Parallel
from dltrain.layers.sequential import Sequential
from dltrain.models.base import Model
from dltrain.models.parts import RELU, Stem, classifier, penalized, scaled
from dltrain.models.style import Style
from dltrain.regularizers.base import Regularizer

Filters = tuple[int, int, int, int, int, int]
"""Of 1x1; of 1x1 and 3x3 behind it; of 1x1 and 3x3 behind it; of 1x1 behind a pooling."""

MODULES: tuple[dict[str, Filters], ...] = (
    {"3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64)},
    {
        "4a": (192, 96, 208, 16, 48, 64),
        "4b": (160, 112, 224, 24, 64, 64),
        "4c": (128, 128, 256, 24, 64, 64),
        "4d": (112, 144, 288, 32, 64, 64),
        "4e": (256, 160, 320, 32, 128, 128),
    },
    {"5a": (256, 160, 320, 32, 128, 128), "5b": (384, 192, 384, 48, 128, 128)},
)
STYLE = Style(RELU, epsilon=1e-3)


class Googlenet(Model):
    """GoogLeNet: modules of convolutions of several sizes side by side (Inception).

    torchvision's, with batch normalization, with 3x3 where the paper has 5x5, and without the
    auxiliary outputs; for 1000 classes it has 6,624,904 parameters.
    Source: Szegedy and others 2014, arXiv:1409.4842, table 1.
    """

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    width: PositiveNumber = 1.0
    """Multiple of all numbers of channels."""
    stem: Stem = "large"
    """`large` makes images an eighth as high and wide early; `small` is for those of 32x32."""
    dropout: Share = 0.2
    """Share of numbers left out before the last layer while training."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        layers: list[Layer] = [Sequential(name="stem", layers=self._stem())]
        for stage, modules in enumerate(MODULES, start=3):
            if stage > 3:
                layers.append(_pool(3 if stage == 4 else 2, name=f"pool{stage}"))
            layers += [self._module(f"module{key}", filters) for key, filters in modules.items()]
        ending = (GlobalAveragePooling2D(), Dropout(rate=self.dropout), classifier(self))
        return penalized((*layers, *ending), self.kernel_regularizer)

    def _stem(self) -> tuple[Layer, ...]:
        narrow, wide = self._conv("conv2", 64, 1), self._conv("conv3", 192, 3)
        if self.stem == "small":
            return (*self._conv("conv1", 64, 3), *narrow, *wide)
        return (*self._conv("conv1", 64, 7, 2), _pool(3), *narrow, *wide, _pool(3))

    def _module(self, name: str, filters: Filters) -> Layer:
        one, narrow3, wide3, narrow5, wide5, pooled = filters
        branches = (
            self._conv("conv1", one, 1),
            (*self._conv("conv3_narrow", narrow3, 1), *self._conv("conv3", wide3, 3)),
            (*self._conv("conv5_narrow", narrow5, 1), *self._conv("conv5", wide5, 3)),
            (
                MaxPooling2D(name="pool", pool_size=3, strides=1, padding=1),
                *self._conv("pool_conv", pooled, 1),
            ),
        )
        return Parallel(name=name, branches=branches)

    def _conv(self, name: str, filters: int, size: int, strides: int = 1) -> tuple[Layer, ...]:
        return STYLE.convolved(name, scaled(filters, self.width), size, strides=strides)


def _pool(size: int, name: str | None = None) -> Layer:
    return MaxPooling2D(name=name, pool_size=size, strides=2, ceil_mode=True)
