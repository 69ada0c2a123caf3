"""The rows of a product with a matrix that a layer learns, and of its gradients."""

from __future__ import annotations

from dataclasses import dataclass

from dltrain.core.lowering import Buffer, Gradient, Lowering
from dltrain.layers.tiling import choose, choose_even

BLOCK_ROWS = 8
"""Rows that a tiling is chosen for, where their number is only known at run time: a lane's."""
WHOLE_BATCH = 2**17
"""Elements from which on a matrix' gradient is summed once for the batch, not in every lane: lanes
would each hold, fill and fold as many."""
PARTS = 8
"""Parts of such a gradient that threads share, at most: each reads the whole gradient of y."""


@dataclass(frozen=True)
class Matrix:
    """A parameter of a layer as a matrix, that multiplies rows of features."""

    at: Lowering
    name: str
    features: int
    units: int

    def multiply(
        self, x: Buffer, bias: Buffer, y: Buffer, *, start: int = 0, relu: int = 0
    ) -> None:
        """Write the row y = x w; start 1 adds the bias, 2 adds to what is in y."""
        w, sizes = self.at.parameter(self.name), (self.features, self.units)
        _multiply(self.at, (x, w, bias), y, sizes, start=start, relu=relu)

    def weights(self, x: Buffer, dy: Buffer) -> None:
        """Write the row of the gradient x^T dy: by lanes, or a large one once for the batch."""
        features, units, at = self.features, self.units, self.at
        tiling = choose(features, units, at.target)
        rows = x.size // features
        if features * units < WHOLE_BATCH:
            kernel = at.parameter_gradient(self.name, per="lane")
            if kernel is not None:
                at.row(
                    "multiply_weights",
                    variant=(*tiling.variant, kernel.start),
                    reads=(x, dy),
                    writes=(kernel.buffer,),
                    sizes=(rows, features, units, tiling.tiles, tiling.blocks, tiling.columns),
                    per="lane",
                )
            return
        kernel = at.parameter_gradient(self.name, per="batch")
        if kernel is None:
            return
        step = -(-features // (PARTS * tiling.mr)) * tiling.mr
        at.row(
            "multiply_weights_whole",
            variant=(*tiling.variant, 0, kernel.start),
            reads=(x, dy, at.cells),
            writes=(kernel.buffer,),
            sizes=(rows, features, units, tiling.blocks, tiling.columns),
            per="batch",
            parts=tuple((f, min(f + step, features)) for f in range(0, features, step)),
        )

    def input_gradient(self, dy: Buffer, gradient: Gradient) -> None:
        """Write the row dx = dy w^T."""
        self.multiply_turned(dy, dy, gradient.buffer, start=gradient.start)

    def multiply_turned(self, x: Buffer, bias: Buffer, y: Buffer, *, start: int = 0) -> None:
        """Write the row y = x w^T; start 1 adds the bias, 2 adds to what is in y."""
        sizes = (self.units, self.features)
        _multiply(self.at, (x, self.turned(), bias), y, sizes, start=start)

    def turned(self) -> Buffer:
        """Give the transposed matrix, (units, features)."""
        shape, sizes = (self.units, self.features), (1, self.features, self.units, 1)
        return self.at.prepared(self.name, "flip", shape=shape, sizes=sizes)


def bias_gradient(
    at: Lowering, name: str | None, y: Buffer, dy: Buffer, *, relu: int = 0, whole: bool = False
) -> None:
    """Write the row that takes relu's gradient in place, and that of a bias, if there is one.

    A bias has a number for each column, or, where it is `whole`, for each number of a sample.
    """
    bias = at.parameter_gradient(name, per="lane") if name is not None else None
    if bias is None and not relu:
        return
    units = dy.size if whole else dy.shape[-1]
    at.row(
        "bias_gradient",
        variant=(relu, 0 if bias is None else 2 if bias.accumulate else 1),
        reads=(y,),
        writes=(dy, dy if bias is None else bias.buffer),
        sizes=(dy.size // units, units),
        per="lane",
    )


def _multiply(
    at: Lowering, reads: tuple[Buffer, Buffer, Buffer], y: Buffer, sizes: tuple[int, int], *,
    start: int, relu: int = 0,
) -> None:  # fmt: skip
    """Write the row y = x w of (x, w, bias) and (inputs, columns)."""
    inputs, columns = sizes
    tiling = choose_even(BLOCK_ROWS, columns, at.target)
    at.row(
        "multiply",
        variant=(*tiling.variant, start, relu),
        reads=reads,
        writes=(y,),
        sizes=(reads[0].size // inputs, inputs, columns, tiling.blocks, tiling.columns),
        per="lane",
    )
