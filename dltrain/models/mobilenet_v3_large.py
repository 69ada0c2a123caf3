"""MobileNetV3-Large."""

from __future__ import annotations

from dltrain.activations.base import Activation
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, PositiveNumber, Share
from dltrain.layers.base import Layer
from dltrain.models.base import Model
from dltrain.models.mobilenet_v3 import Row, mobilenet_v3
from dltrain.models.parts import Stem
from dltrain.regularizers.base import Regularizer

ROWS: tuple[Row, ...] = (
    (3, 16, 16, False, "relu", 1),
    (3, 64, 24, False, "relu", 2),
    (3, 72, 24, False, "relu", 1),
    (5, 72, 40, True, "relu", 2),
    (5, 120, 40, True, "relu", 1),
    (5, 120, 40, True, "relu", 1),
    (3, 240, 80, False, "hard_silu", 2),
    (3, 200, 80, False, "hard_silu", 1),
    (3, 184, 80, False, "hard_silu", 1),
    (3, 184, 80, False, "hard_silu", 1),
    (3, 480, 112, True, "hard_silu", 1),
    (3, 672, 112, True, "hard_silu", 1),
    (5, 672, 160, True, "hard_silu", 2),
    (5, 960, 160, True, "hard_silu", 1),
    (5, 960, 160, True, "hard_silu", 1),
)


class MobilenetV3Large(Model):
    """MobileNetV3-Large: MobileNetV2's blocks, some of which weigh channels, found by search.

    torchvision's for 1000 classes has 5,483,032 parameters.
    Source: Howard and others 2019, arXiv:1905.02244, table 1.
    """

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    width: PositiveNumber = 1.0
    """Multiple of all numbers of channels, which are rounded to multiples of 8."""
    stem: Stem = "large"
    """`large` makes images a quarter as high and wide early; `small` is for those of 32x32."""
    dropout: Share = 0.2
    """Share of numbers left out before the last layer while training."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        return mobilenet_v3(self, ROWS, units=1280)
