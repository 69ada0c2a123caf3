"""A network that takes a sequence step by step, and keeps what later steps need."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltrain.core import cells
from dltrain.core.errors import UsageError
from dltrain.engine.graph import Graph, Node, Value
from dltrain.engine.lower import Lowerer
from dltrain.engine.network import Network
from dltrain.engine.passes import reachable
from dltrain.engine.program import Program
from dltrain.engine.table import Compiled
from dltrain.layers.step_attention import StepAttention
from dltrain.layers.step_position import StepPosition


def step_graph(graph: Graph) -> Graph:
    """Give the graph of one step of a sequence, which has the parameters of the whole.

    Raises: UsageError that names the first layer which needs more than the steps so far.
    """
    (given,) = graph.inputs
    stepped = Graph()
    values = {id(given): stepped.input((1, *given.shape[1:]))}
    for node, value in reachable(graph):
        layer = None
        if node.mask is None:
            layer = node.layer.stepped(*(each.shape for each in node.inputs))
        if layer is None:
            raise UsageError(f"{node.name} needs the whole sequence at once")
        inputs = tuple(values[id(each)] for each in node.inputs)
        new = Node(node.name, layer, inputs, node.parameters, node.frozen)
        values[id(value)] = Value((1, *value.shape[1:]), new)
        stepped.nodes.append(new)
        stepped.values.append(values[id(value)])
    assert graph.output is not None  # noqa: S101 - a graph is built before it is stepped
    stepped.output = values[id(graph.output)]
    return stepped


class Stepper:
    """Takes the steps of one sequence, each in a run of its own.

    `position` counts the steps taken; 0 begins a new sequence, at any time.
    """

    def __init__(
        self, network: Network, *, threads: int | None = None, on_compile: Compiled | None = None
    ) -> None:
        """Compile the step.

        Raises: UsageError where a layer needs the whole sequence at once.
        """
        graph = step_graph(network.graph)
        bounded = any(isinstance(node.layer, StepAttention | StepPosition) for node in graph.nodes)
        self.network, self.position = network, 0
        self.room = network.input_shape[0] if bounded else None
        """Steps of a sequence, at most; None where there may be any number."""
        self.program = Program(
            Lowerer(graph, network.target).lower(),
            network.store,
            batch_size=1,
            threads=threads or network.threads,
            on_compile=on_compile,
        )
        self._prepared = False
        self._x = np.zeros((1, *graph.inputs[0].shape), np.float32)

    def refresh(self) -> None:
        """Let the next step read all parameters anew."""
        self._prepared = False

    def __call__(self, x: float | NDArray[np.float32]) -> NDArray[np.float32]:
        """Take a step; give the output for it, a view that the next step overwrites."""
        self._x[0, 0] = x
        program = self.program
        with self.network.lock:
            program.cells[cells.STEP] = self.position
            program.run([self._x], prepare=not self._prepared)
        self._prepared = True
        self.position += 1
        output: NDArray[np.float32] = program.output(1)[0, 0]
        return output
