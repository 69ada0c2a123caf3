"""The dense layer that shares an embedding's table."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import PrivateAttr

from dltrain.core.errors import ShapeError
from dltrain.core.fields import Flag, Text
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape, size_of
from dltrain.initializers.base import Initializer
from dltrain.initializers.zeros import Zeros
from dltrain.layers.base import Builder, Layer, ParameterSpec, require
from dltrain.layers.embedding import Embedding
from dltrain.layers.matrix import Matrix, bias_gradient


class TiedDense(Layer):
    """Give a number for each token: how much x is like its vector in an embedding's table.

    y = x embeddings^T: the last layer of a language model without a matrix of its own. The table's
    gradient is the sum of both uses.

    Shapes: x (..., output_dim of the embedding); y (..., input_dim of the embedding).
    Raises: ShapeError where x has other features than the table.
    Source: Press, Wolf 2016, arXiv:1608.05859; Inan, Khosravi, Socher 2016, arXiv:1611.01462.
    """

    keeps_mask: ClassVar[bool] = True
    stepwise: ClassVar[bool] = True

    embedding: Text
    """Name of an earlier embedding, as `inputs` takes it."""
    use_bias: Flag = False
    """Whether a bias is added, which is not the embedding's."""
    bias_initializer: Initializer = Zeros()
    """Starting values of the bias."""
    _table: Shape = PrivateAttr(())

    def build(self, graph: Builder, *inputs: Any) -> Any:
        """Find the embedding, and add this layer with its table."""
        layer, output = graph.earlier(self.embedding, field="embedding")
        if not isinstance(layer, Embedding):
            message = f"`{self.embedding}` is a {layer.type_name}, which has no table of vectors"
            raise ShapeError(message, field="embedding", hint="name an embedding")
        tied = self.model_copy()
        tied._table = layer.parameters()["embeddings"].shape
        return graph.node(tied, *inputs, share=output)

    def output_shape(self, *inputs: Shape) -> Shape:
        """Replace the features by the tokens."""
        (shape,) = inputs
        require(shape, (1, 2), self)
        rows, features = self._table
        if shape[-1] != features:
            message = f"{shape[-1]} features do not fit the table of `{self.embedding}`"
            hint = f"its vectors have {features} numbers; put a dense of so many units before"
            raise ShapeError(message, field="embedding", hint=hint)
        return *shape[:-1], rows

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for the bias; the table is the embedding's."""
        bias = ParameterSpec(self._table[:1], self.bias_initializer)
        return {"bias": bias} if self.use_bias else {}

    def multiply_adds(self, *inputs: Shape) -> int:
        """Count one for each input and token, at each position."""
        return size_of(inputs[0]) * self._table[0]

    def forward(self, at: Lowering) -> None:
        """Write the row of y."""
        bias = at.parameter("bias" if self.use_bias else "embeddings")
        start = int(self.use_bias)
        self._matrix(at).multiply_turned(at.inputs[0], bias, at.output, start=start)

    def backward(self, at: Lowering) -> None:
        """Write the rows of the gradients of bias, table and x."""
        dy, gradient, matrix = at.output_gradient, at.input_gradient(), self._matrix(at)
        bias_gradient(at, "bias" if self.use_bias else None, dy, dy)
        matrix.weights(dy, at.inputs[0])
        if gradient is not None:
            matrix.multiply(dy, dy, gradient.buffer, start=gradient.start)

    def _matrix(self, at: Lowering) -> Matrix:
        return Matrix(at, "embeddings", *self._table)
