"""From a graph to rows: each layer writes what it computes forward, then backward."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dltrain.core import cells
from dltrain.core.lowering import Buffer, Gradient, Home, Per, Precision, Row, Target
from dltrain.core.shapes import Shape
from dltrain.engine.graph import Graph, Node, Parameter, Value
from dltrain.engine.passes import Computation, joined, learning, reachable
from dltrain.engine.preparation import Preparation
from dltrain.engine.scope import Comparison, Scope, view_of
from dltrain.losses.base import Loss
from dltrain.metrics.base import Metric

TargetForm = Literal["labels", "dense"]


@dataclass(frozen=True)
class Objective:
    """What training makes small and what people watch, with the form of the targets."""

    loss: Loss
    metrics: tuple[Metric, ...] = ()
    target_form: TargetForm = "labels"
    scales: tuple[tuple[float, float], ...] = ()
    """What metrics multiply each number of the last axis by, and what they then add."""


@dataclass
class Lowered:
    """The rows of a network and the buffers that meet the outside."""

    nodes: Computation = field(default_factory=list)
    """What wrote the rows: neighbours that one layer computes are one node."""
    inputs: list[Buffer] = field(default_factory=list)
    output: Buffer | None = None
    target: Buffer | None = None
    cells: Buffer = field(default_factory=lambda: Buffer("cells", (cells.COUNT,), Home.FIXED, 8))
    rows: list[Row] = field(default_factory=list)
    preparations: list[Row] = field(default_factory=list)
    """Rows at the head of each run, in parts."""
    updates: list[Row] = field(default_factory=list)
    """Rows beside the optimizer's, in parts."""
    totals: list[Buffer] = field(default_factory=list)
    parameters: dict[int, Buffer] = field(default_factory=dict)
    gradients: dict[int, Buffer] = field(default_factory=dict)
    transposed: set[int] = field(default_factory=set)
    """Parameters whose gradient the lanes hold with the last axis first."""
    whole: set[int] = field(default_factory=set)
    """Parameters whose gradient is one sum over the batch, in no lane."""


@dataclass
class _Slot:
    """The gradient of a value: one buffer, and whether anything is in it yet."""

    buffer: Buffer
    written: bool = False


class Lowerer:
    """Walks a graph once forward and, for training, once backward."""

    def __init__(
        self,
        graph: Graph,
        target: Target,
        *,
        objective: Objective | None = None,
        training: bool = False,
        gradients: bool = False,
        batch_size: int = 1,
        precision: Precision = "float32",
    ) -> None:
        """Prepare to lower; `gradients` asks for a backward pass."""
        self.batch_size, self.precision = batch_size, precision
        self.graph, self.target, self.objective = graph, target, objective
        self.training, self.gradients = training, gradients
        self.nodes = joined(reachable(graph), predicting=not (training or gradients))
        self.lowered = Lowered(nodes=self.nodes)
        self._buffers: dict[int, Buffer] = {}
        self._slots: dict[int, _Slot] = {}
        self._kept: dict[tuple[str, str], Buffer] = {}
        self._prepared: dict[tuple[int, Preparation], Buffer] = {}
        self._zeroed: list[Buffer] = []
        self._learning = learning(self.nodes)

    def lower(self) -> Lowered:
        """Write all rows."""
        lowered = self.lowered
        for index, value in enumerate(self.graph.inputs):
            buffer = Buffer(f"input_{index}", value.shape, batch_wide=True)
            self._buffers[id(value)] = buffer
            lowered.inputs.append(buffer)
        for node, value in self.nodes:
            if not node.layer.is_alias(training=self.training):
                node.layer.forward(Scope(self, node, value))
        output = self.graph.output
        assert output is not None  # noqa: S101 - a graph is built before it is lowered
        lowered.output = self._outgoing(output)
        if self.objective is not None:
            self._compare(self.objective, output)
        lowered.rows[:0] = [_zero(buffer) for buffer in self._zeroed]
        return lowered

    def _outgoing(self, output: Value) -> Buffer:
        """Give the buffer that callers read: a copy where the output is an input as it came."""
        buffer = self.buffer(output)
        if buffer.root in self.lowered.inputs:
            copy = Buffer(buffer.name, buffer.shape)
            row = Row("linear_forward", (), (buffer,), (copy,), (1, copy.size), layer=buffer.name)
            self.lowered.rows.append(row)
            buffer = copy
        buffer.root.batch_wide = True
        return buffer

    def buffer(self, value: Value) -> Buffer:
        """Give the buffer of a value, its input's under another shape for an alias."""
        if id(value) not in self._buffers:
            node = value.node
            source = None
            if node is not None and node.layer.is_alias(training=self.training):
                source = self.buffer(node.inputs[0])
            name = node.name if node is not None else "input"
            self._buffers[id(value)] = Buffer(name, value.shape, source=source)
        return self._buffers[id(value)]

    def parameter(self, parameter: Parameter) -> Buffer:
        """Give the buffer of a parameter's values."""
        made = Buffer(parameter.name, parameter.spec.shape, Home.FIXED)
        return self.lowered.parameters.setdefault(id(parameter), made)

    def users(self, parameter: Parameter) -> int:
        """Count the nodes that a parameter serves."""
        return sum(parameter in node.parameters.values() for node, _ in self.nodes)

    def shared(self, node: Node, name: str, shape: Shape, width: int) -> Buffer:
        """Give a node's array by name, one for the whole batch."""
        made = Buffer(f"{node.name}/{name}", shape, Home.FIXED, width)
        return self._kept.setdefault((node.name, name), made)

    def append(self, row: Row) -> None:
        """Put a row where its `per` says."""
        apart = {"run": self.lowered.preparations, "update": self.lowered.updates}
        apart.get(row.per, self.lowered.rows).append(row)

    def kept(self, node: Node, name: str, shape: Shape, width: int) -> Buffer:
        """Give what a node's forward leaves for its backward under a name."""
        made = Buffer(f"{node.name}/{name}", shape, width=width)
        return self._kept.setdefault((node.name, name), made)

    def learns(self, value: Value) -> bool:
        """Tell whether anything before a value is trained."""
        return id(value) in self._learning

    def slot(self, value: Value) -> _Slot:
        """Give the gradient slot of a value; an alias shares its input's."""
        node = value.node
        if node is not None and node.layer.is_alias(training=self.training):
            return self.slot(node.inputs[0])
        if id(value) not in self._slots:
            name = f"{node.name if node else 'input'}/gradient"
            self._slots[id(value)] = _Slot(Buffer(name, value.shape))
        return self._slots[id(value)]

    def value_gradient(self, value: Value) -> Gradient | None:
        """Give where to write a value's gradient; the first writer stores."""
        if not self.learns(value):
            return None
        slot = self.slot(value)
        accumulate, slot.written = slot.written, True
        return Gradient(view_of(slot.buffer, value.shape), accumulate)

    def hand_on(self, node: Node, output: Value, index: int) -> bool:
        """Let the finished gradient of a node's output be the first of one of its inputs.

        Not of one that it reads more than once: what is added then would reach later copies.
        """
        given = node.inputs[index]
        slot = self.slot(given)
        is_single = sum(self.slot(each) is slot for each in node.inputs) == 1
        if slot.written or not is_single or not self.learns(given):
            return False
        slot.buffer, slot.written = view_of(self.slot(output).buffer, slot.buffer.shape), True
        return True

    def parameter_gradient(
        self, parameter: Parameter, per: Per, *, transposed: bool = False
    ) -> Gradient:
        """Give where to write a parameter's gradient, zeroed where samples add to it."""
        known = self.lowered.gradients.get(id(parameter))
        if known is not None:
            return Gradient(known, accumulate=True)
        home = Home.FIXED if per == "batch" else Home.LANE
        buffer = Buffer(f"{parameter.name}/gradient", parameter.spec.shape, home)
        self.lowered.gradients[id(parameter)] = buffer
        if per == "batch":
            self.lowered.whole.add(id(parameter))
            return Gradient(buffer, accumulate=False)
        if transposed:
            self.lowered.transposed.add(id(parameter))
        if per == "lane":
            return Gradient(buffer, accumulate=False)
        self._zeroed.append(buffer)
        return Gradient(buffer, accumulate=True)

    def prepared(self, source: Buffer, wanted: Preparation) -> Buffer:
        """Give a rearranged copy of an array, made once a run."""
        key = (id(source), wanted)
        if key not in self._prepared:
            row = wanted.row(source)
            self.append(row)
            self._prepared[key] = row.writes[0]
        return self._prepared[key]

    def total(self, name: str, count: int = 1) -> Buffer:
        """Give new sums of each lane, zero at its start."""
        buffer = Buffer(name, (count,), Home.LANE, 8)
        self.lowered.totals.append(buffer)
        self._zeroed.append(buffer)
        return buffer

    def _compare(self, objective: Objective, output: Value) -> None:
        shape = output.shape if objective.target_form == "dense" else output.shape[:-1] or (1,)
        self.lowered.target = Buffer("target", shape, batch_wide=True)
        comparison = Comparison(self, objective, output, self.total("loss"))
        objective.loss.forward(comparison)
        for metric in objective.metrics:
            total = self.total(metric.type_name, metric.totals(output.shape))
            metric.forward(Comparison(self, objective, output, total))
        if self.gradients:
            comparison.is_backward = True
            objective.loss.backward(comparison)
            for node, value in reversed(self.nodes):
                done = comparison.fused and value is output
                if self.learns(value) and not done and self.slot(value).written:
                    self._backward(node, value)

    def _backward(self, node: Node, value: Value) -> None:
        if not node.layer.is_alias(training=self.training):
            scope = Scope(self, node, value)
            scope.is_backward = True
            node.layer.backward(scope)


def _zero(buffer: Buffer) -> Row:
    words = buffer.size * buffer.width // 4
    layer = buffer.name.rsplit("/", 2)[0]  # of <layer>/<parameter>/gradient, or of a total
    return Row("fill_zero", (), (), (buffer,), (words,), per="lane", layer=layer)
