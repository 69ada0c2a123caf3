"""What layers, losses and metrics see of the graph while they write their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from dltrain.core.lowering import Buffer, Gradient, Home, Per, Row
from dltrain.core.shapes import Shape
from dltrain.engine.graph import Node, Value
from dltrain.engine.preparation import Preparation
from dltrain.layers.activation import Activation as ActivationLayer

if TYPE_CHECKING:
    from dltrain.engine.lower import Lowerer, Objective


class Scope:
    """What one node sees while it writes its rows; implements `core.lowering.Lowering`."""

    is_backward = False

    def __init__(self, lowerer: Lowerer, node: Node, value: Value) -> None:
        """Look at the graph from a node and its output."""
        self._lowerer, self._node, self._value = lowerer, node, value
        self.target, self.precision = lowerer.target, lowerer.precision
        self.training, self.frozen = lowerer.training, node.frozen
        self.batch_size = lowerer.batch_size
        self.needs_gradient = lowerer.gradients and lowerer.learns(value)
        self.inputs = tuple(lowerer.buffer(given) for given in node.inputs)
        self.mask = lowerer.buffer(node.mask) if node.mask is not None else None
        self.output = lowerer.buffer(value)
        self.cells = lowerer.lowered.cells

    @property
    def output_gradient(self) -> Buffer:
        """The finished gradient of the output."""
        return view_of(self._lowerer.slot(self._value).buffer, self._value.shape)

    def parameter(self, name: str) -> Buffer:
        """A parameter or state of the layer."""
        return self._lowerer.parameter(self._node.parameters[name])

    def keep(self, name: str, shape: Shape, *, width: int = 4) -> Buffer:
        """A value per sample that forward leaves for backward, by name."""
        return self._lowerer.kept(self._node, name, shape, width)

    def shared(self, name: str, shape: Shape, *, width: int = 4) -> Buffer:
        """An array of the layer's, one for the whole batch, by name."""
        return self._lowerer.shared(self._node, name, shape, width)

    def scratch(self, shape: Shape, *, width: int = 4, interleaved: bool = False) -> Buffer:
        """A value per sample that lives only between neighbouring rows."""
        name = f"{self._node.name}/scratch"
        return Buffer(name, shape, width=width, interleaved=interleaved)

    def thread_scratch(self, shape: Shape) -> Buffer:
        """Room that a row works in, one for each thread."""
        return Buffer(f"{self._node.name}/room", shape, Home.THREAD)

    def input_gradient(self, index: int = 0) -> Gradient | None:
        """Where the gradient of an input goes."""
        return self._lowerer.value_gradient(self._node.inputs[index])

    def hand_on(self, index: int = 0) -> bool:
        """Let the finished gradient of the output be that of an input."""
        return self._lowerer.hand_on(self._node, self._value, index)

    @property
    def owns_parameters(self) -> bool:
        """Whether no other layer shares this one's parameters."""
        return all(
            self._lowerer.users(parameter) == 1 for parameter in self._node.parameters.values()
        )

    def parameter_gradient(
        self, name: str, *, per: Per, transposed: bool = False
    ) -> Gradient | None:
        """Where the gradient of a parameter goes."""
        parameter = self._node.parameters[name]
        if parameter.frozen:
            return None
        return self._lowerer.parameter_gradient(parameter, per, transposed=transposed)

    def prepared(
        self,
        name: str | Buffer,
        kernel: str,
        *,
        shape: Shape,
        sizes: tuple[int, ...],
        variant: tuple[int, ...] = (),
        parts: tuple[tuple[int, int], ...] = (),
        scratch: Shape = (),
    ) -> Buffer:
        """A rearranged copy of a parameter."""
        source = name if isinstance(name, Buffer) else self.parameter(name)
        wanted = Preparation(kernel, variant, shape, sizes, parts, scratch)
        return self._lowerer.prepared(source, wanted)

    def seed(self) -> int:
        """A number that tells this layer's random stream from all others."""
        return crc32(self._node.name.encode())

    def row(
        self,
        kernel: str,
        *,
        variant: tuple[int, ...] = (),
        reads: tuple[Buffer, ...] = (),
        writes: tuple[Buffer, ...] = (),
        sizes: tuple[int, ...] = (),
        numbers: tuple[float, ...] = (),
        per: Per = "any",
        parts: tuple[tuple[int, int], ...] = (),
        cheap: bool = False,
        pads: bool = False,
    ) -> None:
        """Append a row."""
        row = Row(kernel, variant, reads, writes, sizes, numbers, per, self._node.name, parts=parts)
        row.cheap, row.pads = cheap, pads
        row.backward = self.is_backward
        self._lowerer.append(row)


class Comparison(Scope):
    """What a loss or metric sees; implements `losses.base.Comparing`."""

    def __init__(
        self, lowerer: Lowerer, objective: Objective, output: Value, total: Buffer
    ) -> None:
        """Look at the graph from its output."""
        node = output.node
        assert node is not None  # noqa: S101 - a network has at least one layer
        applied = node.layer.activation
        is_activation = isinstance(node.layer, ActivationLayer)
        self.output_activation = applied.type_name if applied is not None else "linear"
        self.fused = is_activation and objective.loss.fuses == self.output_activation
        before = node.inputs[0] if is_activation else output
        loss = Node("loss", node.layer, (before if self.fused else output,), {})
        super().__init__(lowerer, loss, output)
        self.logits = lowerer.buffer(before)
        target = lowerer.lowered.target
        assert target is not None  # noqa: S101 - made by the caller
        self.target_buffer, self.total = target, total
        self.target_form, self.scales = objective.target_form, objective.scales


def view_of(buffer: Buffer, shape: Shape) -> Buffer:
    """Give a buffer under another shape."""
    return buffer if buffer.shape == shape else Buffer(buffer.name, shape, source=buffer)
