"""What people are told of a network: a line for each layer, and the way of the shapes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dltrain.core.shapes import Shape, describe
from dltrain.engine.nodes import Node, Value

LONGEST_HISTORY = 12
"""Steps of a history that are all shown."""


@dataclass(frozen=True)
class LayerFacts:
    """One line of a network's summary."""

    name: str
    type: str
    output_shape: Shape
    parameters: int
    """Numbers in its parameters, trainable and frozen; its state is not counted."""
    frozen: int
    """How many of them are frozen."""
    multiply_adds: int


def layer_facts(steps: Iterable[tuple[Node, Value]]) -> list[LayerFacts]:
    """Describe nodes with their outputs; a parameter counts where it is used first."""
    counted: set[int] = set()
    rows = []
    for node, value in steps:
        new = [p for p in node.parameters.values() if id(p) not in counted]
        counted.update(id(parameter) for parameter in new)
        count = sum(parameter.size for parameter in new if parameter.spec.trainable)
        frozen = sum(parameter.size for parameter in new if parameter.frozen)
        work = node.layer.multiply_adds(*(given.shape for given in node.inputs))
        rows.append(LayerFacts(node.name, node.type, value.shape, count, frozen, work))
    return rows


def history(value: Value, *following: str) -> str:
    """Tell the shapes from the input to a value, along the first input of each layer."""
    steps = list(following)
    while value.node is not None:
        if not value.node.is_part:
            steps.insert(0, f"{value.node.type} {describe(value.shape)}")
        value = value.node.inputs[0]
    if len(steps) >= LONGEST_HISTORY:
        steps[: 1 - LONGEST_HISTORY // 2] = ["..."]
    return " > ".join([f"input {describe(value.shape)}", *steps])
