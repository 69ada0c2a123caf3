"""The simple recurrent layer."""

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


class SimpleRNN(Layer):
    """Take a sequence step by step: h = tanh(x kernel + h before recurrent_kernel + bias).

    Shapes: x (time, features); y (units,), or (time, units) with `return_sequences`. kernel
    (features, units), recurrent_kernel (units, units), bias (units,).

    Source: Elman 1990, "Finding structure in time".
    """

    fuses: ClassVar[frozenset[str]] = frozenset({"tanh"})
    keeps_mask: ClassVar[bool] = True
    reads_mask: ClassVar[bool] = True

    units: PositiveInteger
    """Outputs."""
    activation: Activation | None = Tanh()
    """What each step ends with: tanh."""
    use_bias: Flag = True
    """Whether a bias is added."""
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
        bias = self.bias_initializer if self.use_bias else None
        return recurrent_parameters(
            inputs[0][-1],
            self.units,
            self.units,
            (self.kernel_initializer, self.recurrent_initializer, bias),
            (self.kernel_regularizer, self.recurrent_regularizer),
        )

    def multiply_adds(self, *inputs: Shape) -> int:
        """Count one for each input or state and each unit, at each step."""
        steps, features = inputs[0]
        return steps * (features + self.units) * self.units

    def build(self, graph: Builder, *inputs: Any) -> Any:
        """Add this layer to the graph."""
        return build_recurrent(self, graph, *inputs)

    def stepped(self, *inputs: Shape) -> Layer | None:
        """Keep the state from step to step."""
        return StepRecurrence.of(self)

    def forward(self, at: Lowering) -> None:
        """Write the rows of the inputs of all steps, then of the steps."""
        recurrence = self._recurrence(at)
        states, before = self._kept(recurrence)
        blocks = recurrence.blocks()
        at.row(
            "simple_rnn_forward",
            variant=(*blocks.variant, int(self.return_sequences), recurrence.padded),
            reads=(blocks.matrix, recurrence.mask),
            writes=(recurrence.take_in(), states, before, at.output),
            sizes=(recurrence.steps, self.units, *blocks.sizes, int(self.go_backwards)),
            per="lane",
        )

    def backward(self, at: Lowering) -> None:
        """Write the rows back through the steps, then of all gradients at once."""
        recurrence = self._recurrence(at)
        states, before = self._kept(recurrence)
        dz = at.scratch((recurrence.steps, self.units))
        blocks = recurrence.turned_blocks()
        at.row(
            "simple_rnn_backward",
            variant=(*blocks.variant, int(self.return_sequences), recurrence.padded),
            reads=(blocks.matrix, states, at.output_gradient, recurrence.mask),
            writes=(dz, at.scratch((self.units,))),
            sizes=(recurrence.steps, self.units, *blocks.sizes, int(self.go_backwards)),
            per="lane",
        )
        recurrence.gradients(before, dz)

    def _recurrence(self, at: Lowering) -> Recurrence:
        return Recurrence(at, self.units, 1, self.use_bias)

    def _kept(self, recurrence: Recurrence) -> tuple[Buffer, Buffer]:
        """Give the states after each input, and those that meet each input."""
        shape = (recurrence.steps, self.units)
        return recurrence.kept("states", shape), recurrence.kept("before", shape)
