"""MobileNetV3-Small."""

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
    (3, 16, 16, True, "relu", 2),
    (3, 72, 24, False, "relu", 2),
    (3, 88, 24, False, "relu", 1),
    (5, 96, 40, True, "hard_silu", 2),
    (5, 240, 40, True, "hard_silu", 1),
    (5, 240, 40, True, "hard_silu", 1),
    (5, 120, 48, True, "hard_silu", 1),
    (5, 144, 48, True, "hard_silu", 1),
    (5, 288, 96, True, "hard_silu", 2),
    (5, 576, 96, True, "hard_silu", 1),
    (5, 576, 96, True, "hard_silu", 1),
)


class MobilenetV3Small(Model):
    """MobileNetV3-Small: MobileNetV2's blocks, some of which weigh channels, found by search.

    torchvision's for 1000 classes has 2,542,856 parameters.
    Source: Howard and others 2019, arXiv:1905.02244, table 2.
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
        return mobilenet_v3(self, ROWS, units=1024)
