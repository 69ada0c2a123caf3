"""How much memory a training takes, from the memory plan, without compiling anything."""

from __future__ import annotations

from dltrain.core.lowering import Precision
from dltrain.engine.arrange import arrange
from dltrain.engine.graph import Graph
from dltrain.engine.lower import Lowerer, Objective
from dltrain.engine.memory import plan
from dltrain.engine.program import lane_size
from dltrain.engine.target import host
from dltrain.optimizers.base import Optimizer

_FLOAT = 4


def memory_estimate(
    graph: Graph,
    objective: Objective,
    optimizer: Optimizer,
    *,
    batch_size: int,
    threads: int,
    precision: Precision = "float32",
) -> int:
    """Count the bytes of parameters, gradients, optimizer slots and activations.

    The data set and the Python process itself come on top.
    """
    lowerer = Lowerer(
        graph,
        host(),
        objective=objective,
        training=True,
        gradients=True,
        batch_size=batch_size,
        precision=precision,
    )
    lowered = lowerer.lower()
    size = lane_size(batch_size)
    lanes = -(-batch_size // size)
    targets = (lowered.target,) if lowered.target is not None else ()
    external = (*lowered.inputs, *targets)
    placed = plan(arrange(lowered), lane_size=size, batch_size=batch_size, external=external)
    given = sum(buffer.size * buffer.width for buffer in external) * batch_size
    activations = placed.batch_bytes + placed.thread_bytes * min(threads, lanes)
    trained = sum(p.size for p in graph.parameters if p.learns)
    kept = sum(parameter.size for parameter in graph.parameters)
    arrays = kept + trained * (1 + len(optimizer.slots()))
    total: int = given + activations + placed.lane_bytes * lanes + _FLOAT * arrays
    return total
