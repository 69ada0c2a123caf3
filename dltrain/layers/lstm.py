"""Long short-term memory."""

from __future__ import annotations

from typing import Any, ClassVar

from dltrain.activations.base import Activation
from dltrain.activations.tanh import Tanh
from dltrain.core.fields import Flag, PositiveInteger
from dltrain.core.inputs import InputFacts
from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer
from dltrain.initializers.glorot_uniform import GlorotUniform
from dltrain.initializers.orthogonal import Orthogonal
from dltrain.initializers.unit_forget_bias import UnitForgetBias
from dltrain.initializers.zeros import Zeros
from dltrain.layers.base import Builder, Layer, ParameterSpec
from dltrain.layers.recurrence import (
    Recurrence,
    build_recurrent,
    recurrent_parameters,
    recurrent_shape,
    require_tanh,
)
from dltrain.layers.step_recurrence import StepRecurrence
from dltrain.regularizers.base import Regularizer

GATES = 4


class LSTM(Layer):
    """Take a sequence step by step through cells that gates write, forget and show.

    Shapes: x (time, features); y (units,), or (time, units) with `return_sequences`. kernel
    (features, 4 units), recurrent_kernel (units, 4 units), bias (4 units,), of gates i, f, c, o.

    Source: Hochreiter, Schmidhuber 1997; Gers, Schmidhuber, Cummins 2000.
    """

    fuses: ClassVar[frozenset[str]] = frozenset({"tanh"})
    keeps_mask: ClassVar[bool] = True
    reads_mask: ClassVar[bool] = True

    units: PositiveInteger
    """Cells, and outputs."""
    activation: Activation | None = Tanh()
    """What the cells take in and show through: tanh."""
    use_bias: Flag = True
    """Whether a bias is added."""
    unit_forget_bias: Flag = True
    """Whether the forget gates' biases start from 1."""
    kernel_initializer: Initializer = GlorotUniform()
    """Starting values of the kernel."""
    recurrent_initializer: Initializer = Orthogonal()
    """Starting values of the recurrent kernel."""
    bias_initializer: Initializer = Zeros()
    """Starting values of the bias."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on the kernel, added to the loss."""
    recurrent_regularizer: Regularizer | None = None
    """Penalty on the recurrent kernel, added to the loss."""
    return_sequences: Flag = False
    """Whether the outputs of all steps are given, not the last one alone."""
    go_backwards: Flag = False
    """Whether the last step comes first; the outputs come in this order too."""

    @property
    def sees_later(self) -> bool:
        """Tell whether it reads backwards."""
        return self.go_backwards

    def resolved(self, classes: int | None, inputs: InputFacts) -> Layer:
        """Check the activation, which works inside the layer."""
        require_tanh(self)
        return self

    def output_shape(self, *inputs: Shape) -> Shape:
        """Give the outputs of all steps, or the last."""
        return recurrent_shape(self, inputs[0], self.units, return_sequences=self.return_sequences)

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for the kernels and the bias."""
        bias = self.bias_initializer
        if self.unit_forget_bias:
            bias = UnitForgetBias(others=bias)
        return recurrent_parameters(
            inputs[0][-1],
            self.units,
            GATES * self.units,
            (self.kernel_initializer, self.recurrent_initializer, bias if self.use_bias else None),
            (self.kernel_regularizer, self.recurrent_regularizer),
        )

    def multiply_adds(self, *inputs: Shape) -> int:
        """Count one for each input or state and each column of the gates, at each step."""
        steps, features = inputs[0]
        return steps * (features + self.units) * GATES * self.units

    def build(self, graph: Builder, *inputs: Any) -> Any:
        """Add this layer to the graph."""
        return build_recurrent(self, graph, *inputs)

    def stepped(self, *inputs: Shape) -> Layer | None:
        """Keep the state from step to step."""
        return StepRecurrence.of(self)

    def forward(self, at: Lowering) -> None:
        """Write the rows of the inputs of all steps, then of the steps."""
        recurrence = self._recurrence(at)
        gates, cells, squashed, before = self._kept(recurrence)
        blocks = recurrence.blocks()
        at.row(
            "lstm_forward",
            variant=(*blocks.variant, int(self.return_sequences), recurrence.padded),
            reads=(blocks.matrix, recurrence.mask),
            writes=(recurrence.take_in(), gates, cells, squashed, before, at.output),
            sizes=(recurrence.steps, self.units, *blocks.sizes, int(self.go_backwards)),
            per="lane",
        )

    def backward(self, at: Lowering) -> None:
        """Write the rows back through the steps, then of all gradients at once."""
        recurrence = self._recurrence(at)
        gates, cells, squashed, before = self._kept(recurrence)
        dz = at.scratch((recurrence.steps, recurrence.columns))
        blocks = recurrence.turned_blocks()
        at.row(
            "lstm_backward",
            variant=(*blocks.variant, int(self.return_sequences), recurrence.padded),
            reads=(blocks.matrix, gates, cells, squashed, at.output_gradient, recurrence.mask),
            writes=(dz, at.scratch((self.units,)), at.scratch((self.units,))),
            sizes=(recurrence.steps, self.units, *blocks.sizes, int(self.go_backwards)),
            per="lane",
        )
        recurrence.gradients(before, dz)

    def _recurrence(self, at: Lowering) -> Recurrence:
        return Recurrence(at, self.units, GATES, self.use_bias)

    def _kept(self, recurrence: Recurrence) -> tuple[Buffer, Buffer, Buffer, Buffer]:
        """Give gates, cells and their tanh from step to step, and states that meet the inputs."""
        steps, units = recurrence.steps, self.units
        return (
            recurrence.kept("gates", (steps, recurrence.columns)),
            recurrence.kept("cells", (steps + 1, units)),
            recurrence.kept("squashed", (steps + 1, units)),
            recurrence.kept("before", (steps, units)),
        )
