"""What a program's rows have to do in one run, layer by layer: operations, and bytes to move."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from dltrain.core.lowering import Buffer, Home, Row
from dltrain.engine.passes import learning
from dltrain.engine.program import Program


@dataclass(frozen=True)
class Work:
    """What a layer has to do in one run of a full batch, in both directions."""

    operations: int = 0
    """Multiplications and additions of its contractions, by the direct algorithm."""
    bytes: int = 0
    """What must at least pass between memory and caches."""


def work(program: Program) -> dict[str, Work]:
    """Count the work of each layer that has any, by the names of the program's rows."""
    operations, moved = _operations(program), _bytes(program)
    return {name: Work(operations[name], moved[name]) for name in operations | moved}


def _operations(program: Program) -> Counter[str]:
    """Count two for each multiply-add: forward, and for each gradient that is wanted.

    The gradient of the parameters and that of the input take as many as forward does.
    """
    nodes = program.lowered.nodes
    learn = learning(nodes) if program.lowered.gradients else set()
    count: Counter[str] = Counter()
    for node, _ in nodes:
        once = node.layer.multiply_adds(*(given.shape for given in node.inputs))
        is_trained = bool(learn) and node.learns
        passes = 1 + is_trained + any(id(given) in learn for given in node.inputs)
        count[node.name] += 2 * once * passes * program.batch_size
    return +count


def _bytes(program: Program) -> Counter[str]:
    """Count what is kept for the batch, of each phase the first read and the first write.

    What an earlier row of the same phase left may still lie in a cache; scratch and values that
    live within a lane always do.
    """
    count: Counter[str] = Counter()
    for phase in program.phases:
        read: set[Buffer] = set()
        written: set[Buffer] = set()
        for row in phase.rows:
            for buffer in {each.root for each in _reads(row)} - read - written:
                count[row.layer] += _size(program, buffer)
                read.add(buffer)
            for buffer in {each.root for each in row.writes} - written:
                count[row.layer] += _size(program, buffer)
                written.add(buffer)
    return +count


def _reads(row: Row) -> tuple[Buffer, ...]:
    """Give what a row reads; an optimizer changes what it writes, so it reads that too."""
    return (*row.reads, *row.writes) if row.layer == "optimizer" else row.reads


def _size(program: Program, buffer: Buffer) -> int:
    """Give the bytes of all copies of a buffer, 0 where it is no more than scratch."""
    one = buffer.size * buffer.width
    if buffer.home is Home.FIXED:
        return one
    if buffer.home is Home.LANE:
        return one * program.lanes
    plan = program.storage.plan
    kept = buffer in plan.batch_external or plan.places[id(buffer)].scope == "batch"
    return one * program.batch_size if kept else 0
