"""Vectors for the categories of a table."""

from __future__ import annotations

from typing import Literal

from dltrain.core.errors import ShapeError
from dltrain.core.fields import Count, PositiveInteger
from dltrain.core.inputs import InputFacts
from dltrain.core.lowering import Lowering
from dltrain.core.parts import parts_of
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer
from dltrain.initializers.random_uniform import RandomUniform
from dltrain.layers.base import Layer, ParameterSpec, require
from dltrain.layers.matrix import PARTS, WHOLE_BATCH
from dltrain.regularizers.base import Regularizer

WIDEST = 50
"""Numbers of a category's vector, at most, where nobody says how many."""


class CategoryEmbedding(Layer):
    """Put a vector in the place of each category of a table, behind its measurements.

    Shapes: x (columns,), whole numbers where a column holds categories; embeddings_<column> (its
    categories, numbers of a vector); y (measurements + numbers of all vectors,). A category that
    has no row gives NaN, which stops a training. Without categories, y is x.
    Source: Guo, Berkhahn 2016, arXiv:1604.06737.
    """

    categories: tuple[Count, ...] | Literal["auto"] = "auto"
    """Different categories of each column, 0 where it holds measurements; auto takes them from the
    data set."""
    output_dim: PositiveInteger | None = None
    """Numbers of a category's vector; default: half as many as there are categories, rounded up,
    but no more than 50."""
    embeddings_initializer: Initializer = RandomUniform()
    """Starting values of the vectors."""
    embeddings_regularizer: Regularizer | None = None
    """Penalty on the vectors, added to the loss."""

    def resolved(self, classes: int | None, inputs: InputFacts) -> Layer:
        """Fill in `categories: auto`."""
        if self.categories != "auto":
            return self
        return self.model_copy(update={"categories": inputs.categories})

    def is_alias(self, *, training: bool) -> bool:
        """Tell whether there are no categories, so that the output is the input."""
        return not self._tables

    def output_shape(self, *inputs: Shape) -> Shape:
        """Count measurements and the numbers of vectors."""
        if not self._tables:
            return inputs[0]
        require(inputs[0], (1,), self, hint="it takes the columns of a table")
        (columns,) = inputs[0]
        if len(self._counts) != columns:
            raise ShapeError(
                f"category_embedding knows {len(self._counts)} columns, but receives {columns}",
                field="categories",
                hint="put it first, where the columns are still those of the table",
            )
        return (len(self._measured) + sum(width for _, _, width in self._tables),)

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for a table of vectors for each column of categories."""
        start, penalty = self.embeddings_initializer, self.embeddings_regularizer
        return {
            f"embeddings_{column}": ParameterSpec((rows, width), start, penalty)
            for column, rows, width in self._tables
        }

    def forward(self, at: Lowering) -> None:
        """Write the rows of y."""
        x = at.inputs[0]
        at.row("pick_columns", reads=(x,), writes=(at.output,), sizes=self._picked)
        place = len(self._measured)
        for column, rows, width in self._tables:
            table = at.parameter(f"embeddings_{column}")
            sizes = (column, rows, width, place)
            at.row("category_forward", reads=(x, table), writes=(at.output,), sizes=sizes)
            place += width

    def backward(self, at: Lowering) -> None:
        """Write the rows of the gradients."""
        place = len(self._measured)
        for column, rows, width in self._tables:
            self._table_gradient(at, (column, rows, width, place))
            place += width
        given = at.input_gradient()
        if given is not None:
            at.row(
                "pick_columns_backward",
                variant=(int(given.accumulate),),
                reads=(at.output_gradient,),
                writes=(given.buffer,),
                sizes=self._picked,
            )

    def _table_gradient(self, at: Lowering, sizes: tuple[int, int, int, int]) -> None:
        """Write the row of a table's gradient: by lanes, or a large one once for the batch."""
        column, rows, width, _ = sizes
        reads, name = (at.inputs[0], at.output_gradient), f"embeddings_{column}"
        if rows * width < WHOLE_BATCH or not at.owns_parameters:
            table = at.parameter_gradient(name, per="sample")
            if table is not None:
                at.row("category_gradient", reads=reads, writes=(table.buffer,), sizes=sizes)
            return
        table = at.parameter_gradient(name, per="batch")
        if table is not None:
            at.row(
                "category_gradient_whole",
                reads=(*reads, at.cells),
                writes=(table.buffer,),
                sizes=sizes,
                per="batch",
                parts=parts_of(rows, step=-(-rows // PARTS)),
            )

    @property
    def _counts(self) -> tuple[int, ...]:
        return () if self.categories == "auto" else self.categories

    @property
    def _tables(self) -> list[tuple[int, int, int]]:
        """Give column, rows and width of each table."""
        return [
            (column, count, self.output_dim or min(WIDEST, (count + 1) // 2))
            for column, count in enumerate(self._counts)
            if count
        ]

    @property
    def _measured(self) -> list[int]:
        return [column for column, count in enumerate(self._counts) if not count]

    @property
    def _picked(self) -> tuple[int, ...]:
        return len(self._counts), len(self._measured), *self._measured
