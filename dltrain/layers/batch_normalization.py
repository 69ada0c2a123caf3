"""Batch normalization."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.fields import Flag, PositiveNumber, Share
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer
from dltrain.initializers.ones import Ones
from dltrain.initializers.zeros import Zeros
from dltrain.layers.base import Layer, ParameterSpec
from dltrain.layers.batch_rows import BatchRows
from dltrain.regularizers.base import Regularizer


class BatchNormalization(Layer):
    """Give every channel mean 0 and variance 1 over the batch, then scale and shift it.

    In training the statistics are those of the batch (the variance divides by the count), and the
    moving ones follow them; elsewhere, and where the layer is frozen, the moving ones are used.
    Shapes: x, y (..., channels); gamma, beta, moving_mean, moving_variance (channels,). Kept for
    backward: x. Source: Ioffe, Szegedy 2015, arXiv:1502.03167; epsilon is added to the variance.
    """

    keeps_mask: ClassVar[bool] = True
    stepwise: ClassVar[bool] = True
    fuses: ClassVar[frozenset[str]] = frozenset({"relu", "relu6"})

    momentum: Share = 0.99
    """Share of the moving statistics that an update keeps."""
    epsilon: PositiveNumber = 1e-3
    """Added to the variance before the root."""
    center: Flag = True
    """Whether beta is added."""
    scale: Flag = True
    """Whether gamma multiplies."""
    beta_initializer: Initializer = Zeros()
    """Starting values of beta."""
    gamma_initializer: Initializer = Ones()
    """Starting values of gamma."""
    moving_mean_initializer: Initializer = Zeros()
    """Starting values of the moving mean."""
    moving_variance_initializer: Initializer = Ones()
    """Starting values of the moving variance."""
    beta_regularizer: Regularizer | None = None
    """Penalty on beta, added to the loss."""
    gamma_regularizer: Regularizer | None = None
    """Penalty on gamma, added to the loss."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        return inputs[0]

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for gamma, beta and the moving statistics."""
        shape = inputs[0][-1:]
        specs = {}
        if self.scale:
            specs["gamma"] = ParameterSpec(shape, self.gamma_initializer, self.gamma_regularizer)
        if self.center:
            specs["beta"] = ParameterSpec(shape, self.beta_initializer, self.beta_regularizer)
        mean, variance = self.moving_mean_initializer, self.moving_variance_initializer
        specs["moving_mean"] = ParameterSpec(shape, mean, trainable=False)
        specs["moving_variance"] = ParameterSpec(shape, variance, trainable=False)
        return specs

    def joined(self, following: Layer, *, predicting: bool = False) -> Layer | None:
        """Take in a piecewise linear activation or a sum that follows."""
        from dltrain.layers.normalized_sum import NormalizedSum

        function = following.activation
        if following.type_name == "activation" and function is not None:
            fits = self.activation is None and function.type_name in self.fuses
            return self.model_copy(update={"activation": function}) if fits else None
        return NormalizedSum.of(self, following)

    def forward(self, at: Lowering) -> None:
        """Write the rows of moments, statistics and y."""
        BatchRows(self, at, self.activation).forward()

    def backward(self, at: Lowering) -> None:
        """Write the rows of the gradients of gamma, beta and x."""
        BatchRows(self, at, self.activation).backward()
