"""Batch normalization, the sum behind it and its activation, as one step."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.add import Add
from dltrain.layers.base import Layer, ParameterSpec
from dltrain.layers.batch_normalization import BatchNormalization
from dltrain.layers.batch_rows import BatchRows


class NormalizedSum(Layer, listed=False):
    """Normalize the first input, add the second to it, and apply the activation.

    Shapes: x, shortcut, y (..., channels). Kept for backward: x and y.
    """

    fuses: ClassVar[frozenset[str]] = BatchNormalization.fuses

    normalization: BatchNormalization
    """The normalization, without an activation of its own."""

    @classmethod
    def of(cls, normalization: BatchNormalization, following: Layer) -> NormalizedSum | None:
        """Join a normalization with what follows it, where that is a sum."""
        if not isinstance(following, Add) or normalization.activation is not None:
            return None
        return cls(normalization=normalization, activation=following.activation)

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        return inputs[0]

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for what the normalization asks for."""
        return self.normalization.parameters(*inputs)

    def joined(self, following: Layer, *, predicting: bool = False) -> Layer | None:
        """Take in a piecewise linear activation that follows."""
        function = following.activation
        if following.type_name != "activation" or function is None or self.activation is not None:
            return None
        fits = function.type_name in self.fuses
        return self.model_copy(update={"activation": function}) if fits else None

    def forward(self, at: Lowering) -> None:
        """Write the rows of moments, statistics and y."""
        BatchRows(self.normalization, at, self.activation).forward()

    def backward(self, at: Lowering) -> None:
        """Write the rows of the gradients of gamma, beta, x and the shortcut."""
        BatchRows(self.normalization, at, self.activation).backward()
