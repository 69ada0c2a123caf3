"""The layer that applies an activation."""

from __future__ import annotations

from typing import Any, ClassVar

from dltrain.activations.base import Activation as Function
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer


class Activation(Layer):
    """Apply a function to every number, or to every row of features."""

    keeps_mask: ClassVar[bool] = True
    stepwise: ClassVar[bool] = True

    activation: Function
    """The function."""

    def brief(self) -> Any:
        """Give the shortest form, under the activation's own name."""
        form = super().brief()
        function = form.pop("activation")
        own = {"type": function} if isinstance(function, str) else function
        form = {**form, **own}
        return form if len(form) > 1 else form["type"]

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        return inputs[0]

    def forward(self, at: Lowering) -> None:
        """Write the rows of y = f(x)."""
        self.activation.forward(at)

    def backward(self, at: Lowering) -> None:
        """Write the rows of dx = dy * f'(x)."""
        self.activation.backward(at)
