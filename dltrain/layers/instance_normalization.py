"""Instance normalization."""

from __future__ import annotations

from dltrain.core.fields import Flag, NonNegative
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer
from dltrain.initializers.ones import Ones
from dltrain.initializers.zeros import Zeros
from dltrain.layers import affine
from dltrain.layers.base import Layer, ParameterSpec, require
from dltrain.layers.channel_groups import ChannelGroups
from dltrain.regularizers.base import Regularizer


class InstanceNormalization(Layer):
    """Give each channel of a sample mean 0 and variance 1, then scale and shift it.

    Means are over all pixels, or times: the same as group_normalization with `groups: -1`.
    Shapes: x, y (..., channels); gamma, beta (channels,).
    Kept for backward: mean and inverse deviation (2, channels).
    Raises: ShapeError for vectors, of which each channel is one number.
    Source: Ulyanov, Vedaldi, Lempitsky 2016, arXiv:1607.08022, eq. 4.
    """

    epsilon: NonNegative = 1e-3
    """Added to the variance, inside the root."""
    center: Flag = True
    """Whether beta is added."""
    scale: Flag = True
    """Whether channels are multiplied by gamma."""
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
        hint = "use layer_normalization, which takes the mean over the features"
        require(inputs[0], (2, 3), self, hint=hint)
        return inputs[0]

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for gamma and beta."""
        return affine.gamma(self, inputs[0]) | affine.beta(self, inputs[0])

    def forward(self, at: Lowering) -> None:
        """Write the row of y."""
        self._groups(at).forward(at)

    def backward(self, at: Lowering) -> None:
        """Write the row of the gradients of x, gamma and beta."""
        self._groups(at).backward(at)

    def _groups(self, at: Lowering) -> ChannelGroups:
        count = at.inputs[0].shape[-1]
        return ChannelGroups(count, self.epsilon, scaled=self.scale, shifted=self.center)
