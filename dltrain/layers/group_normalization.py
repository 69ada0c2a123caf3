"""Group normalization."""

from __future__ import annotations

from typing import Literal

from dltrain.core.errors import ShapeError
from dltrain.core.fields import Flag, NonNegative, PositiveInteger
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer
from dltrain.initializers.ones import Ones
from dltrain.initializers.zeros import Zeros
from dltrain.layers import affine
from dltrain.layers.base import Layer, ParameterSpec
from dltrain.layers.channel_groups import ChannelGroups
from dltrain.regularizers.base import Regularizer


class GroupNormalization(Layer):
    """Give each group of channels of a sample mean 0 and variance 1, then scale and shift them.

    Means are over all pixels, or times, and the channels of a group.
    Shapes: x, y (..., channels); gamma, beta (channels,).
    Kept for backward: mean and inverse deviation (2, channels).
    Raises: ShapeError where the channels do not make up equal groups.
    Source: Wu, He 2018, arXiv:1803.08494, eq. 1-6.
    """

    groups: PositiveInteger | Literal[-1] = 32
    """Groups of neighbouring channels, all of one size; -1 makes each channel a group."""
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
        """Keep the shape, whose channels must make up the groups."""
        (shape,) = inputs
        if shape[-1] % self._count(shape):
            message = f"{shape[-1]} channels do not make up {self.groups} groups of one size"
            fitting = [n for n in range(1, shape[-1] + 1) if shape[-1] % n == 0]
            hint = f"use one of {', '.join(map(str, fitting))} groups"
            raise ShapeError(message, field="groups", hint=hint)
        return shape

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
        count = self._count(at.inputs[0].shape)
        return ChannelGroups(count, self.epsilon, scaled=self.scale, shifted=self.center)

    def _count(self, shape: Shape) -> int:
        return shape[-1] if self.groups == -1 else self.groups
