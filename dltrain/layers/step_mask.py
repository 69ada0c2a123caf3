"""Which steps of a sequence are padding."""

from __future__ import annotations

from dltrain.core.fields import Number
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer


class StepMask(Layer, listed=False):
    """Tell steps of which every number is one value from the others: the mask of a sequence.

    Shapes: x (time,) or (time, features); y (time,): 0 for padding, else 1.
    """

    value: Number = 0.0
    """What padding consists of."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Give a number for each step."""
        return inputs[0][:1]

    def forward(self, at: Lowering) -> None:
        """Write the row of y."""
        steps, *features = at.inputs[0].shape
        at.row(
            "step_mask",
            reads=at.inputs,
            writes=(at.output,),
            sizes=(steps, features[0] if features else 1),
            numbers=(self.value,),
        )

    def backward(self, at: Lowering) -> None:
        """Write nothing: a mask has no gradient."""
