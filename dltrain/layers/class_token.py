"""A learnt step before a sequence."""

from __future__ import annotations

from typing import Any

from dltrain.core.errors import ShapeError
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer
from dltrain.initializers.zeros import Zeros
from dltrain.layers.base import Builder, Layer, ParameterSpec, require


class ClassToken(Layer):
    """Put a learnt vector before the steps; attention lets it gather what a classifier needs.

    `take_step` gives it back behind the encoders.

    Shapes: x (time, features); token (features,); y (1 + time, features).
    Raises: ShapeError where some steps may be padding.
    Source: Devlin et al. 2018, arXiv:1810.04805; Dosovitskiy et al. 2020, arXiv:2010.11929, eq. 1.
    """

    token_initializer: Initializer = Zeros()
    """Starting values of the vector."""

    def build(self, graph: Builder, *inputs: Any) -> Any:
        """Add this layer; padding behind a step more would not be known."""
        if graph.is_masked(inputs[0]):
            message = "class_token does not pass on which steps are padding"
            raise ShapeError(message, hint="leave the mask out, or pool the steps in its place")
        return graph.node(self, *inputs)

    def output_shape(self, *inputs: Shape) -> Shape:
        """Count a step more."""
        (shape,) = inputs
        require(shape, (2,), self, hint="put a patch_embedding, or an embedding, before it")
        return 1 + shape[0], shape[1]

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for the vector."""
        return {"token": ParameterSpec(inputs[0][1:], self.token_initializer)}

    def forward(self, at: Lowering) -> None:
        """Write the row that copies vector and steps."""
        token, x = at.parameter("token"), at.inputs[0]
        sizes = (1, token.size, x.size)
        reads, writes = (token, x), (at.output,)
        at.row("concatenate", variant=(2,), reads=reads, writes=writes, sizes=sizes)

    def backward(self, at: Lowering) -> None:
        """Write the rows of the gradients of the vector and the steps."""
        dy, features = at.output_gradient, at.output.shape[1]
        token, gradient = at.parameter_gradient("token", per="sample"), at.input_gradient()
        if token is not None:
            sizes = (1, features, dy.size, 0, features, 0)
            writes = (token.buffer,)
            at.row("copy_run", variant=(1,), reads=(dy,), writes=writes, sizes=sizes)
        if gradient is not None:
            dx, variant = gradient.buffer, (int(gradient.accumulate),)
            sizes = (1, dx.size, dy.size, features, dx.size, 0)
            at.row("copy_run", variant=variant, reads=(dy,), writes=(dx,), sizes=sizes)
