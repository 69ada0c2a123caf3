"""Recurrent layers that take the step that has just come, and keep their state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, ParameterSpec
from dltrain.layers.step_product import multiply_row

if TYPE_CHECKING:
    from dltrain.layers.gru import GRU
    from dltrain.layers.lstm import LSTM
    from dltrain.layers.simple_rnn import SimpleRNN

GATES = {"lstm": 4, "gru": 3, "simple_rnn": 1}


class StepRecurrence(Layer, listed=False):
    """Give the state after a step, from it and from the state that was kept.

    Shapes: x (1, features); y (1, units). Kept from step to step: the state (units,), of an lstm
    its cells (units,) too.
    """

    cell: Literal["lstm", "gru", "simple_rnn"]
    units: int
    use_bias: bool

    @classmethod
    def of(cls, layer: LSTM | GRU | SimpleRNN) -> StepRecurrence | None:
        """Take over the fields of a layer that gives the outputs of all steps, first to last."""
        if not layer.return_sequences or layer.go_backwards:
            return None
        fields = {"units": layer.units, "use_bias": layer.use_bias}
        return cls.model_validate({"cell": layer.type_name, **fields})

    def output_shape(self, *inputs: Shape) -> Shape:
        """Give the state."""
        return 1, self.units

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for nothing: the layer of all steps has asked."""
        return {}

    def forward(self, at: Lowering) -> None:
        """Write the rows of the products with input and state, then of the new state."""
        columns, state = GATES[self.cell] * self.units, self._kept(at, "state")
        x, h, bias = at.scratch((columns,)), at.scratch((columns,)), self.use_bias
        multiply_row(at, at.inputs[0], "kernel", "bias" if bias else None, x)
        multiply_row(at, state, "recurrent_kernel", None, h)
        second = bias and self.cell == "gru"
        reads: tuple[Buffer, ...] = (x, h)
        if self.cell == "gru":
            reads = (x, h, at.parameter("bias") if bias else x)
        kept = (state, self._kept(at, "cells")) if self.cell == "lstm" else (state,)
        at.row(
            f"{self.cell}_step",
            variant=(int(second),) if self.cell == "gru" else (),
            reads=reads,
            writes=(*kept, at.output),
            sizes=(self.units,),
        )

    def _kept(self, at: Lowering, name: str) -> Buffer:
        """Give an array that is kept, and write the row that empties it for the first step."""
        kept = at.shared(name, (self.units,))
        at.row("empty_at_start", reads=(at.cells,), writes=(kept,), sizes=(self.units,))
        return kept
