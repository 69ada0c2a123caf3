"""A table of vectors for tokens."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.errors import ShapeError
from dltrain.core.fields import Flag, PositiveInteger
from dltrain.core.inputs import InputFacts
from dltrain.core.lowering import Lowering
from dltrain.core.parts import parts_of
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer
from dltrain.initializers.random_uniform import RandomUniform
from dltrain.layers.base import Layer, ParameterSpec, require
from dltrain.layers.matrix import PARTS, WHOLE_BATCH
from dltrain.layers.outputs import TokensField, filled_in, known
from dltrain.layers.step_mask import StepMask
from dltrain.regularizers.base import Regularizer


class Embedding(Layer):
    """Give each token's vector: row x[t] of a table.

    Shapes: x (time,), whole numbers from 0 to input_dim - 1; embeddings (input_dim, output_dim); y
    (time, output_dim). A token that has no row gives NaN, which stops a training.
    """

    stepwise: ClassVar[bool] = True

    input_dim: TokensField
    """Tokens that there are; `tokens` takes their number from the data set, as does `classes` where
    they are what is told."""
    output_dim: PositiveInteger
    """Numbers of a token's vector."""
    mask_zero: Flag = False
    """Whether token 0 is padding, which the layers behind skip, as with `masking`."""
    embeddings_initializer: Initializer = RandomUniform()
    """Starting values of the table."""
    embeddings_regularizer: Regularizer | None = None
    """Penalty on the table, added to the loss."""

    @property
    def mask(self) -> Layer | None:
        """Tell padding, token 0, from the rest."""
        return StepMask() if self.mask_zero else None

    def resolved(self, classes: int | None, inputs: InputFacts) -> Layer:
        """Fill in `input_dim: tokens`.

        Raises: ShapeError where the data set has more tokens than the table has rows.
        """
        filled = filled_in(self, "input_dim", classes=classes, tokens=inputs.tokens)
        if inputs.source is None and (inputs.tokens or 0) > filled._rows:
            raise ShapeError(
                f"the data set has {inputs.tokens:,} tokens, but the table has {filled._rows:,} "
                "rows",
                field="input_dim",
                hint="write `input_dim: tokens`",
            )
        return filled

    def output_shape(self, *inputs: Shape) -> Shape:
        """Give a vector for each token."""
        require(inputs[0], (1,), self, hint="it takes one whole number for each step")
        return inputs[0][0], self.output_dim

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for the table."""
        shape = (self._rows, self.output_dim)
        spec = ParameterSpec(shape, self.embeddings_initializer, self.embeddings_regularizer)
        return {"embeddings": spec}

    def forward(self, at: Lowering) -> None:
        """Write the row of y."""
        at.row(
            "embedding_forward",
            reads=(at.inputs[0], at.parameter("embeddings")),
            writes=(at.output,),
            sizes=self._sizes(at),
        )

    def backward(self, at: Lowering) -> None:
        """Write the row of the table's gradient: by lanes, or a large one once for the batch."""
        reads, sizes = (at.inputs[0], at.output_gradient), self._sizes(at)
        if self._rows * self.output_dim < WHOLE_BATCH:
            table = at.parameter_gradient("embeddings", per="sample")
            if table is not None:
                at.row("embedding_gradient", reads=reads, writes=(table.buffer,), sizes=sizes)
            return
        table = at.parameter_gradient("embeddings", per="batch")
        if table is not None:
            at.row(
                "embedding_gradient_whole",
                variant=(int(table.accumulate),),
                reads=(*reads, at.cells),
                writes=(table.buffer,),
                sizes=sizes,
                per="batch",
                parts=parts_of(self._rows, step=-(-self._rows // PARTS)),
            )

    def _sizes(self, at: Lowering) -> tuple[int, int, int]:
        return at.inputs[0].shape[0], self._rows, self.output_dim

    @property
    def _rows(self) -> int:
        return known(self.input_dim, "input_dim")
