"""What an activation is: a function of each number, or of each row of features."""

from __future__ import annotations

from typing import ClassVar, Literal

from dltrain.core.component import Component
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape


class Activation(Component):
    """A function between layers.

    Its kernels are `<name>_forward` (x -> y) and `<name>_backward` (dy and x or y -> dx). Sizes
    are (rows, features) of one sample; elementwise ones use the product.
    """

    kind: ClassVar[str] = "activation"
    package: ClassVar[str] = "dltrain.activations"

    backward_reads: ClassVar[Literal["x", "y"]] = "x"
    """Whether the derivative is taken from the input or, cheaper in memory, from the output."""

    def numbers(self) -> tuple[float, ...]:
        """Give the constants that the kernels read, such as a slope."""
        return ()

    def variant(self) -> tuple[int, ...]:
        """Give the compile-time switches of the kernels; backward has `accumulate` after them."""
        return ()

    def forward(self, at: Lowering) -> None:
        """Write the rows of y = f(x)."""
        at.row(
            f"{self.type_name}_forward",
            variant=self.variant(),
            reads=at.inputs,
            writes=(at.output,),
            sizes=_sizes(at.output.shape),
            numbers=self.numbers(),
        )

    def backward(self, at: Lowering) -> None:
        """Write the rows of dx = dy * f'(x)."""
        gradient = at.input_gradient()
        if gradient is None:
            return
        kept = at.inputs[0] if self.backward_reads == "x" else at.output
        at.row(
            f"{self.type_name}_backward",
            variant=(
                *self.variant(),
                int(gradient.accumulate),
            ),
            reads=(at.output_gradient, kept),
            writes=(gradient.buffer,),
            sizes=_sizes(at.output.shape),
            numbers=self.numbers(),
        )


def _sizes(shape: Shape) -> tuple[int, int]:
    features = shape[-1] if shape else 1
    rows = 1
    for extent in shape[:-1]:
        rows *= extent
    return rows, features
