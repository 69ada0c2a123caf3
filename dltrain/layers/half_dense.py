"""The rows of a large dense layer whose factors are rounded to bfloat16; its sums stay float32."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from dltrain.core.lowering import Buffer, Gradient, Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.blocks import LANE_ROWS
from dltrain.layers.tiling import choose, choose_even

LEAST_WEIGHTS = 2**16
"""Elements of a kernel from which on it is worth rounding."""
LEAST_ROWS = 64
"""Rows of a batch from which on it is worth to round a kernel for them."""
EVEN_LANES = 16
"""Samples of a batch from which on lanes hold an even number of them."""
PARTS = 32
"""Parts of a kernel's gradient that threads share, at most."""


@dataclass(frozen=True)
class HalfDense:
    """Writes the rows of a dense layer in bfloat16; its kernel's gradient is one for the batch."""

    rows: int
    """Rows of one sample."""
    features: int
    units: int

    @classmethod
    def of(cls, at: Lowering, units: int) -> HalfDense | None:
        """Give the rows' writer where the config asks for bfloat16 and the sizes pay."""
        *rows, features = at.inputs[0].shape
        made = cls(prod(rows), features, units)
        is_large = features * units >= LEAST_WEIGHTS and made.rows * at.batch_size > LEAST_ROWS
        is_even = made.rows % 2 == 0 or at.batch_size >= EVEN_LANES
        suits = at.precision == "bfloat16" and is_large and is_even and at.owns_parameters
        return made if suits else None

    def forward(self, at: Lowering, bias: Buffer, *, start: int, relu: int) -> None:
        """Write the rows of y = x kernel (+ bias, relu)."""
        shape, sizes = (-(-self.features // 2), self.units), (1, self.features, self.units)
        kernel = self._kernel(at, "pair_inputs", shape, sizes)
        self._multiply(at, at.inputs[0], kernel, bias, at.output, start=start, relu=relu)

    def input_gradient(self, at: Lowering, gradient: Gradient) -> None:
        """Write the rows of the input's gradient."""
        shape, sizes = (-(-self.units // 2), self.features), (1, self.features, self.units, 1)
        kernel = self._kernel(at, "flip_pairs", shape, sizes)
        dx, start = gradient.buffer, gradient.start
        self._multiply(at, at.output_gradient, kernel, kernel, dx, start=start, relu=0)

    def weights(self, at: Lowering) -> None:
        """Write the rows of the kernel's gradient; its words are numbers of two rows."""
        kernel = at.parameter_gradient("kernel", per="batch")
        if kernel is None:
            return
        x, dy = self._paired(at, at.inputs[0]), self._paired(at, at.output_gradient)
        tiling = choose(self.features, self.units, at.target)
        at.row(
            "multiply_weights_whole",
            variant=(*tiling.variant, 0, 1, kernel.start),
            reads=(x, dy, at.cells),
            writes=(kernel.buffer,),
            sizes=(self.rows, self.features, self.units),
            per="batch",
            parts=tiling.parts(self.features, PARTS),
        )

    def _kernel(self, at: Lowering, kernel: str, shape: Shape, sizes: tuple[int, ...]) -> Buffer:
        return at.prepared("kernel", kernel, variant=(at.target.width,), shape=shape, sizes=sizes)

    def _multiply(
        self, at: Lowering, x: Buffer, kernel: Buffer, bias: Buffer, y: Buffer, *,
        start: int, relu: int,
    ) -> None:  # fmt: skip
        words, columns = kernel.shape
        rounded = at.scratch((self.rows, words))
        image = (1, self.rows, x.shape[-1])
        at.row(
            "pad_halves",
            variant=(at.target.width,),
            reads=(x,),
            writes=(rounded,),
            sizes=(*image, 1, self.rows, 0, 0, 1, 1),
            per="lane",
        )
        tiling = choose_even(LANE_ROWS, columns, at.target)
        at.row(
            "multiply",
            variant=(*tiling.variant, start, relu, 1),
            reads=(rounded, kernel, bias),
            writes=(y,),
            sizes=(
                *(self.rows, words, columns, tiling.blocks, tiling.columns),
                *(tiling.nv * tiling.width, columns),
            ),
            per="lane",
        )

    def _paired(self, at: Lowering, x: Buffer) -> Buffer:
        pairs = at.scratch((self.rows, x.shape[-1]), width=2)
        at.row(
            "pair_rows",
            variant=(at.target.width,),
            reads=(x,),
            writes=(pairs,),
            sizes=(self.rows, x.shape[-1]),
            per="lane",
        )
        return pairs
