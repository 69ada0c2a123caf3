"""Some steps of a sequence."""

from __future__ import annotations

from dltrain.core.errors import ShapeError
from dltrain.core.inputs import InputFacts
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, require
from dltrain.layers.outputs import StepsField, filled_in, known
from dltrain.layers.steps import cut, put_back


class TakeSteps(Layer):
    """Give the steps of a sequence from one on, up to another: of tokens, or of vectors.

    Shapes: x (time,) or (time, features); y (stop - start,) or (stop - start, features).
    """

    start: StepsField = 0
    """The first step, counted from 0; a negative number counts from the end. `source` is the first
    behind the source, where the data set has pairs of texts."""
    stop: StepsField | None = None
    """The step before which to stop, counted as `start` is; default: the end."""

    def resolved(self, classes: int | None, inputs: InputFacts) -> Layer:
        """Fill in `start: source` and `stop: source`."""
        return filled_in(
            filled_in(self, "start", source=inputs.source), "stop", source=inputs.source
        )

    def output_shape(self, *inputs: Shape) -> Shape:
        """Count the steps, of which at least one must be there."""
        (shape,) = inputs
        require(shape, (1, 2), self)
        first, last = self._range(shape[0])
        if not 0 <= first < last <= shape[0]:
            stop = "the end" if self.stop is None else self.stop
            message = f"steps {self.start} to {stop} are not in a sequence of {shape[0]}"
            hint = f"count from 0 to {shape[0]}, or from -{shape[0]} to -1, start before stop"
            raise ShapeError(message, field="start", hint=hint)
        return last - first, *shape[1:]

    def forward(self, at: Lowering) -> None:
        """Write the row that copies the steps."""
        cut(at, self._range(at.inputs[0].shape[0])[0])

    def backward(self, at: Lowering) -> None:
        """Write the row that puts the gradient back among zeros."""
        put_back(at, self._range(at.inputs[0].shape[0])[0])

    def _range(self, time: int) -> tuple[int, int]:
        """Give the first step and the one behind the last, counted from 0."""
        first = known(self.start, "start")
        last = time if self.stop is None else known(self.stop, "stop")
        return first + time * (first < 0), last + time * (last < 0)
