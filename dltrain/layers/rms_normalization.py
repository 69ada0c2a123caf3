"""Root mean square normalization."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.fields import Flag, NonNegative
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer
from dltrain.initializers.ones import Ones
from dltrain.layers import affine
from dltrain.layers.base import Layer, ParameterSpec
from dltrain.layers.row_normalization import RowNormalization
from dltrain.regularizers.base import Regularizer


class RmsNormalization(Layer):
    """Give the last axis a mean square of 1, then scale it.

    Shapes: x, y (..., features); gamma (features,).
    Kept for backward: inverse root of the mean square (..., 2), beside a 0.
    Source: Zhang, Sennrich 2019, arXiv:1910.07467, eq. 4; epsilon is added inside the root.
    """

    keeps_mask: ClassVar[bool] = True
    stepwise: ClassVar[bool] = True

    epsilon: NonNegative = 1e-6
    """Added to the mean square, inside the root."""
    scale: Flag = True
    """Whether features are multiplied by gamma."""
    gamma_initializer: Initializer = Ones()
    """Starting values of gamma."""
    gamma_regularizer: Regularizer | None = None
    """Penalty on gamma, added to the loss."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        return inputs[0]

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for gamma."""
        return affine.gamma(self, inputs[0])

    def forward(self, at: Lowering) -> None:
        """Write the row of y."""
        self._rows.forward(at)

    def backward(self, at: Lowering) -> None:
        """Write the row of the gradients of x and gamma."""
        self._rows.backward(at)

    @property
    def _rows(self) -> RowNormalization:
        return RowNormalization(self.epsilon, centred=False, scaled=self.scale, shifted=False)
