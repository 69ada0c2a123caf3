"""Layer normalization."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.fields import Flag, NonNegative
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer
from dltrain.initializers.ones import Ones
from dltrain.initializers.zeros import Zeros
from dltrain.layers import affine
from dltrain.layers.base import Layer, ParameterSpec
from dltrain.layers.row_normalization import RowNormalization
from dltrain.regularizers.base import Regularizer


class LayerNormalization(Layer):
    """Give the last axis mean 0 and variance 1, then scale and shift it.

    Of images every pixel is normalized over its channels, of sequences every time over its
    features.
    Shapes: x, y (..., features); gamma, beta (features,).
    Kept for backward: mean and inverse deviation (..., 2).
    Source: Ba, Kiros, Hinton 2016, arXiv:1607.06450, eq. 3; epsilon is added inside the root.
    """

    keeps_mask: ClassVar[bool] = True
    stepwise: ClassVar[bool] = True

    epsilon: NonNegative = 1e-3
    """Added to the variance, inside the root."""
    center: Flag = True
    """Whether beta is added."""
    scale: Flag = True
    """Whether features are multiplied by gamma."""
    beta_initializer: Initializer = Zeros()
    """Starting values of beta."""
    gamma_initializer: Initializer = Ones()
    """Starting values of gamma."""
    beta_regularizer: Regularizer | None = None
    """Penalty on beta, added to the loss."""
    gamma_regularizer: Regularizer | None = None
    """Penalty on gamma, added to the loss."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        return inputs[0]

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for gamma and beta."""
        return affine.gamma(self, inputs[0]) | affine.beta(self, inputs[0])

    def forward(self, at: Lowering) -> None:
        """Write the row of y."""
        self._rows.forward(at)

    def backward(self, at: Lowering) -> None:
        """Write the row of the gradients of x, gamma and beta."""
        self._rows.backward(at)

    @property
    def _rows(self) -> RowNormalization:
        return RowNormalization(self.epsilon, centred=True, scaled=self.scale, shifted=self.center)
