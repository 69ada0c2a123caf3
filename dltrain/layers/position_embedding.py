"""Where a step stands in its sequence, learnt."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape, size_of
from dltrain.initializers.base import Initializer
from dltrain.initializers.random_uniform import RandomUniform
from dltrain.layers.base import Layer, ParameterSpec, require
from dltrain.layers.matrix import bias_gradient
from dltrain.layers.passing import pass_gradient
from dltrain.layers.step_position import StepPosition


class PositionEmbedding(Layer):
    """Add a learnt vector to each step, its own for each position.

    Shapes: x (time, features); embeddings (time, features); y (time, features).

    Source: Gehring et al. 2017, arXiv:1705.03122.
    """

    by_position: ClassVar[bool] = True
    keeps_mask: ClassVar[bool] = True

    embeddings_initializer: Initializer = RandomUniform()
    """Starting values of the vectors."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        require(inputs[0], (2,), self, hint="put an embedding, or `reshape`, before it")
        return inputs[0]

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for a vector for each position."""
        return {"embeddings": ParameterSpec(inputs[0], self.embeddings_initializer)}

    def stepped(self, *inputs: Shape) -> Layer | None:
        """Add the vector of one position."""
        return StepPosition(room=inputs[0][0])

    def forward(self, at: Lowering) -> None:
        """Write the row of y = x + embeddings."""
        at.row(
            "add_forward",
            reads=(at.inputs[0], at.parameter("embeddings")),
            writes=(at.output,),
            sizes=(1, size_of(at.output.shape)),
        )

    def backward(self, at: Lowering) -> None:
        """Write the rows of the gradients of embeddings and x."""
        dy = at.output_gradient
        if dy.size < at.parameter("embeddings").size:
            # Zeroed beforehand: the rows of steps that are not here have no gradient.
            at.parameter_gradient("embeddings", per="sample")
        bias_gradient(at, "embeddings", dy, dy, whole=True)
        pass_gradient(at)
