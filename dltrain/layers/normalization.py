"""Channels brought to mean 0 and variance 1 by statistics of the training data."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from dltrain.core.errors import ShapeError
from dltrain.core.fields import NonNegative
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape, size_of
from dltrain.initializers.base import Initializer
from dltrain.initializers.ones import Ones
from dltrain.initializers.zeros import Zeros
from dltrain.layers.base import Layer, ParameterSpec
from dltrain.layers.channels import Numbers, NumbersField, numbers_for


class Given(Initializer, listed=False):
    """Values that are known."""

    values: Numbers
    """The values."""

    def sample(self, generator: np.random.Generator, shape: Shape) -> NDArray[np.float32]:
        """Give the values."""
        return np.asarray(self.values, np.float32).reshape(shape)


class Normalization(Layer):
    """Subtract each channel's mean and divide by its standard deviation, taken as at least 1e-7.

    Shapes: x, y (..., channels); mean, variance (channels,), which are kept but not trained.
    Raises: ShapeError for lists of another length than the channels, or one of the two alone.
    """

    mean: NumbersField | None = None
    """Mean of all channels, or a list with one for each; by default that of the training split."""
    variance: NonNegative | Annotated[tuple[NonNegative, ...], Field(min_length=1)] | None = None
    """Variance of all channels, or a list of one each; by default that of the training split."""

    @property
    def is_measured(self) -> bool:
        """Tell whether the statistics come from the training split."""
        return self.mean is None

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        if (self.mean is None) != (self.variance is None):
            missing = "mean" if self.mean is None else "variance"
            message = f"normalization has a mean or a variance, but no {missing}"
            raise ShapeError(message, field=missing, hint="give both, or neither to measure them")
        self.parameters(*inputs)
        return inputs[0]

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for the statistics."""
        shape = inputs[0][-1:]
        mean, variance = Zeros(), Ones()
        starts: dict[str, Initializer] = {"mean": mean, "variance": variance}
        for name, values in (("mean", self.mean), ("variance", self.variance)):
            if values is not None:
                starts[name] = Given(values=numbers_for(values, inputs[0], name))
        return {
            name: ParameterSpec(shape, start, trainable=False) for name, start in starts.items()
        }

    def forward(self, at: Lowering) -> None:
        """Write the row of y."""
        shape = at.output.shape
        at.row(
            "normalize_forward",
            reads=(at.inputs[0], at.parameter("mean"), at.parameter("variance")),
            writes=(at.output, at.scratch(shape[-1:])),
            sizes=(size_of(shape[:-1]), shape[-1]),
        )

    def backward(self, at: Lowering) -> None:
        """Write the row of dx."""
        gradient = at.input_gradient()
        if gradient is None:
            return
        shape = at.output.shape
        at.row(
            "normalize_backward",
            variant=(int(gradient.accumulate),),
            reads=(at.output_gradient, at.parameter("variance")),
            writes=(gradient.buffer, at.scratch(shape[-1:])),
            sizes=(size_of(shape[:-1]), shape[-1]),
        )
