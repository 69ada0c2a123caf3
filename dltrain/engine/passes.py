"""What is done to a graph before its layers write their rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from dltrain.engine.graph import Graph, Node, Value

Computation = list[tuple[Node, Value]]
"""Nodes with their outputs, in the order in which they compute."""


def reachable(graph: Graph) -> Computation:
    """Give the nodes that the output depends on."""
    wanted = {id(graph.output)}
    chosen = []
    for node, value in zip(reversed(graph.nodes), reversed(graph.values), strict=True):
        if id(value) in wanted:
            wanted.update(id(given) for given in node.reads)
            chosen.append((node, value))
    return chosen[::-1]


def joined(nodes: Computation, *, predicting: bool = False) -> Computation:
    """Join neighbours that one layer can compute, where nothing else reads between them.

    The one layer stands where the second stood, so that all its inputs are known. `predicting`
    tells that no gradients are wanted, and statistics are those that were kept.
    """
    result: Computation = []
    while result != nodes:
        result, nodes = nodes, _joined_once(nodes, predicting)
    return nodes


def learning(nodes: Computation) -> set[int]:
    """Give the ids of the values that depend on parameters that training changes."""
    found: set[int] = set()
    for node, value in nodes:
        if node.learns or any(id(given) in found for given in node.inputs):
            found.add(id(value))
    return found


def _joined_once(nodes: Computation, predicting: bool) -> Computation:
    readers = Counter(id(given) for node, _ in nodes for given in node.reads)
    made = {id(value): node for node, value in nodes}
    replaced: dict[int, Node] = {}
    absorbed: set[int] = set()
    for node, value in nodes:
        for given in node.inputs:
            before = made.get(id(given))
            if before is None or readers[id(given)] != 1 or {id(before), id(node)} & absorbed:
                continue
            layer = before.layer.joined(node.layer, predicting=predicting)
            if layer is None or set(before.parameters) & set(node.parameters):
                continue
            if node.layer.joins and len(node.inputs) != 2:
                continue
            both_learn = not predicting and before.parameters and node.parameters
            if both_learn and before.frozen != node.frozen:
                continue
            others = tuple(other for other in node.inputs if other is not given)
            parameters = before.parameters | node.parameters
            inputs = (*before.inputs, *others)
            mask = node.mask if before.mask is None else before.mask
            replaced[id(value)] = replace(
                before, layer=layer, inputs=inputs, parameters=parameters, mask=mask
            )
            absorbed |= {id(before), id(node)}
            break
    return [
        (replaced.get(id(value), node), value)
        for node, value in nodes
        if id(value) in replaced or id(node) not in absorbed
    ]
