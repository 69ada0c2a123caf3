"""How much memory a training takes, counted from the memory plans, without compiling anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dltrain.core.lowering import Home, Precision, Row
from dltrain.engine.arrange import arrange
from dltrain.engine.arrays import rounded
from dltrain.engine.graph import Graph, Parameter
from dltrain.engine.lower import Lowered, Lowerer, Objective
from dltrain.engine.memory import plan
from dltrain.engine.program import lane_size, useful_threads
from dltrain.engine.target import host
from dltrain.optimizers.base import Optimizer

KERNELS_BYTES = 20 << 20
"""What a process takes to link kernels and run threads: 12 to 18 MiB were measured."""
COMPILER_BYTES = 60 << 20
"""What Numba and LLVM take on top where a kernel is not in the cache."""
COMPILED_BYTES = 7 << 19
"""What is left of compiling one kernel. With both: 110 MiB for 14 kernels, 280 for 63."""
LARGEST_LOWERED = 1 << 37
"""Bytes of parameters up to which programs are counted: rows of larger ones list more parts than
fit into memory themselves, and the parameters alone say that the training does not fit."""


@dataclass(frozen=True)
class Taken:
    """Bytes that a training takes beside its data, part by part."""

    parameters: int
    """The parameters and the state of layers."""
    step: int
    """The sum of the gradients, and what the optimizer remembers."""
    training: int
    """The training program: activations, gradients of lanes, prepared copies of parameters."""
    evaluation: int
    """The same of the program that validates and tests."""
    kernels: int
    """Linking kernels, and the compiler where one is not in the cache."""

    def peak(self, *, validated: bool) -> int:
        """Give the bytes at the worst moment.

        Both programs are there while validated epochs are trained. The final test has one of them,
        and the best parameters as they come from the disk. A resume moves what it has read into
        its place before the first step, and so takes no more.
        """
        training = self.step + self.training + (self.evaluation if validated else 0)
        test = self.evaluation + self.parameters
        return self.parameters + self.kernels + max(training, test)


def memory_estimate(
    graph: Graph,
    objective: Objective,
    optimizer: Optimizer,
    *,
    batch_size: int,
    threads: int,
    precision: Precision = "float32",
    lengths: tuple[int, ...] = (),
) -> Taken:
    """Count what a training takes; the data and the Python process come on top.

    `lengths` are those of sequences that have programs of their own.
    """
    parameters = _bytes(graph.parameters)
    learnt = _bytes(parameter for parameter in graph.parameters if parameter.learns)
    step = learnt * (1 + len(optimizer.slots()))
    if parameters > LARGEST_LOWERED:
        return Taken(parameters, step, training=0, evaluation=0, kernels=KERNELS_BYTES)
    whole = graph.inputs[0].shape[0]
    graphs = [graph, *(graph.shortened(steps) for steps in lengths if steps != whole)]
    both = [
        [
            Lowerer(
                each, host(), objective=objective, training=learns, gradients=learns,
                batch_size=batch_size, precision=precision if learns else "float32",
            ).lower()
            for each in graphs
        ]
        for learns in (True, False)
    ]  # fmt: skip
    training, evaluation = (
        sum(_program(each, batch_size, threads) for each in lowered) for lowered in both
    )
    programs = [each for lowered in both for each in lowered]
    kernels = [(row.kernel, row.variant) for each in programs for row in _rows(each)]
    kernels.append((f"{optimizer.type_name}_step", optimizer.variant()))
    return Taken(
        parameters=parameters,
        step=step,
        training=training,
        evaluation=evaluation,
        kernels=KERNELS_BYTES + _compiling(kernels),
    )


def _program(lowered: Lowered, batch_size: int, threads: int) -> int:
    """Count the arenas of a program and the arrays that are its own."""
    size = lane_size(batch_size)
    lanes = -(-batch_size // size)
    targets = (lowered.target,) if lowered.target is not None else ()
    walk = arrange(lowered)
    external = (*lowered.inputs, *targets)
    placed = plan(walk, lane_size=size, batch_size=batch_size, external=external)
    # Elsewhere there is room for these: with the parameters, and in the sum of the gradients.
    given = {id(buffer) for buffer in lowered.parameters.values()}
    given |= {id(lowered.gradients[key]) for key in lowered.whole}
    roots = {
        id(buffer.root): buffer.root
        for row in [*_rows(lowered), *(row for phase in walk for row in phase.rows)]
        for buffer in (*row.reads, *row.writes)
        if buffer.root.home is Home.FIXED
    }
    own = sum(root.size * root.width for key, root in roots.items() if key not in given)
    return placed.bytes_of(threads=useful_threads(walk, lanes, threads), lanes=lanes) + own


def _rows(lowered: Lowered) -> list[Row]:
    return [*lowered.preparations, *lowered.rows, *lowered.updates]


def _bytes(parameters: Iterable[Parameter]) -> int:
    return sum(rounded(4 * parameter.size) for parameter in parameters)


def _compiling(wanted: list[tuple[str, tuple[int, ...]]]) -> int:
    """Count what is taken for kernels that no process has compiled yet."""
    from dltrain.kernels import kernel

    absent = [each for each in dict.fromkeys(wanted) if not kernel.is_ready(*each)]
    return COMPILER_BYTES + COMPILED_BYTES * len(absent) if absent else 0
