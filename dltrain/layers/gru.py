"""The gated recurrent unit."""

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

GATES = 3


class GRU(Layer):
    """Take a sequence step by step through states that gates update and reset.

    The reset gate works behind the recurrent kernel, as with Keras' `reset_after`.

    Shapes: x (time, features); y (units,), or (time, units) with `return_sequences`. kernel
    (features, 3 units), recurrent_kernel (units, 3 units), bias (2, 3 units), of inputs and of
    states, for the gates z, r, h.

    Source: Cho et al. 2014, arXiv:1406.1078.
    """

    fuses: ClassVar[frozenset[str]] = frozenset({"tanh"})
    keeps_mask: ClassVar[bool] = True
    reads_mask: ClassVar[bool] = True

    units: PositiveInteger
    """Outputs."""
    activation: Activation | None = Tanh()
    """What new states pass: tanh."""
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
        specs = recurrent_parameters(
            inputs[0][-1],
            self.units,
            GATES * self.units,
            (self.kernel_initializer, self.recurrent_initializer, None),
            (self.kernel_regularizer, self.recurrent_regularizer),
        )
        if self.use_bias:
            specs["bias"] = ParameterSpec((2, GATES * self.units), self.bias_initializer)
        return specs

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
        gates, q, before = self._kept(recurrence)
        blocks = recurrence.blocks()
        bias = at.parameter("bias") if self.use_bias else blocks.matrix
        x, state = recurrence.take_in(), at.scratch((self.units,))
        at.row(
            "gru_forward",
            variant=(
                *blocks.variant,
                int(self.use_bias),
                int(self.return_sequences),
                recurrence.padded,
            ),
            reads=(blocks.matrix, bias, recurrence.mask),
            writes=(x, q, gates, before, state, at.output),
            sizes=(recurrence.steps, self.units, *blocks.sizes, int(self.go_backwards)),
            per="lane",
        )

    def backward(self, at: Lowering) -> None:
        """Write the rows back through the steps, then of all gradients at once."""
        recurrence = self._recurrence(at)
        gates, q, before = self._kept(recurrence)
        dx, dq = (at.scratch((recurrence.steps, recurrence.columns)) for _ in range(2))
        blocks = recurrence.turned_blocks()
        at.row(
            "gru_backward",
            variant=(*blocks.variant, int(self.return_sequences), recurrence.padded),
            reads=(blocks.matrix, gates, q, before, at.output_gradient, recurrence.mask),
            writes=(dx, dq, at.scratch((self.units,))),
            sizes=(recurrence.steps, self.units, *blocks.sizes, int(self.go_backwards)),
            per="lane",
        )
        bias = at.parameter_gradient("bias", per="lane") if self.use_bias else None
        if bias is not None:
            at.row(
                "gru_bias_gradient",
                variant=(bias.start,),
                reads=(dx, dq),
                writes=(bias.buffer,),
                sizes=(recurrence.steps, recurrence.columns),
                per="lane",
            )
        recurrence.matrix_gradients(before, dx, dq)

    def _recurrence(self, at: Lowering) -> Recurrence:
        return Recurrence(at, self.units, GATES, self.use_bias)

    def _kept(self, recurrence: Recurrence) -> tuple[Buffer, Buffer, Buffer]:
        """Give gates, what the recurrent kernel gives, and the states that meet the inputs."""
        columns = (recurrence.steps, recurrence.columns)
        return (
            recurrence.kept("gates", columns),
            recurrence.kept("inner", columns),
            recurrence.kept("before", (recurrence.steps, self.units)),
        )
