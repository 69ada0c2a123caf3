"""The rows of a product with a matrix that a layer learns, and of its gradients."""

from __future__ import annotations

from dataclasses import dataclass

from dltrain.core.lowering import Buffer, Gradient, Lowering
from dltrain.layers.blocks import Blocks
from dltrain.layers.tiling import choose

WHOLE_BATCH = 2**17
"""Elements from which on a matrix' gradient is summed once for the batch, not in every lane: lanes
would each hold, fill and fold as many."""
PARTS = 8
"""Parts of such a gradient that threads share, at most: each reads all of x, or of y's gradient,
whichever has fewer columns."""


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
        sizes = (x.size // self.features, self.features, self.units)
        blocks = Blocks.for_rows(self.at, self.name, *sizes[1:], rows=sizes[0])
        _multiply(self.at, (x, blocks.matrix, bias), y, sizes, blocks, start=start, relu=relu)

    def weights(self, x: Buffer, dy: Buffer) -> None:
        """Write the row of the gradient x^T dy: by lanes, or a large one once for the batch."""
        features, units, at = self.features, self.units, self.at
        tiling = choose(features, units, at.target)
        sizes = (x.size // features, features, units)
        if features * units < WHOLE_BATCH:
            kernel = at.parameter_gradient(self.name, per="lane")
            if kernel is not None:
                at.row(
                    "multiply_weights",
                    variant=(*tiling.variant, kernel.start),
                    reads=(x, dy),
                    writes=(kernel.buffer,),
                    sizes=sizes,
                    per="lane",
                )
            return
        kernel = at.parameter_gradient(self.name, per="batch")
        if kernel is None:
            return
        across = int(units > features)
        at.row(
            "multiply_weights_whole",
            variant=(*tiling.variant, across, 0, kernel.start),
            reads=(x, dy, at.cells),
            writes=(kernel.buffer,),
            sizes=sizes,
            per="batch",
            parts=tiling.parts_across(units, PARTS) if across else tiling.parts(features, PARTS),
        )

    def input_gradient(self, dy: Buffer, gradient: Gradient) -> None:
        """Write the row dx = dy w^T."""
        self.multiply_turned(dy, dy, gradient.buffer, start=gradient.start)

    def multiply_turned(self, x: Buffer, bias: Buffer, y: Buffer, *, start: int = 0) -> None:
        """Write the row y = x w^T; start 1 adds the bias, 2 adds to what is in y."""
        sizes = (x.size // self.units, self.units, self.features)
        blocks = Blocks.turned(self.at, self.name, *sizes[1:], rows=sizes[0])
        _multiply(self.at, (x, blocks.matrix, bias), y, sizes, blocks, start=start)


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
    at: Lowering, reads: tuple[Buffer, Buffer, Buffer], y: Buffer, sizes: tuple[int, int, int],
    blocks: Blocks, *, start: int, relu: int = 0,
) -> None:  # fmt: skip
    """Write the row y = x w of (x, w, bias); sizes are rows, inputs and columns."""
    at.row(
        "multiply",
        variant=(*blocks.tiling.variant, start, relu),
        reads=reads,
        writes=(y,),
        sizes=(*sizes, *blocks.sizes, blocks.apart, blocks.down),
        per="lane",
    )
