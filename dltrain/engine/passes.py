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
            wanted.update(id(given) for given in node.inputs)
            chosen.append((node, value))
    return chosen[::-1]


def joined(nodes: Computation) -> Computation:
    """Join neighbours that one layer can compute, where nothing else reads between them."""
    readers = Counter(id(given) for node, _ in nodes for given in node.inputs)
    result: Computation = []
    absorbed: set[int] = set()
    following = {
        id(node.inputs[0]): (node, value) for node, value in nodes if len(node.inputs) == 1
    }
    for node, value in nodes:
        if id(node) in absorbed:
            continue
        after = following.get(id(value))
        layer = None
        if after is not None and readers[id(value)] == 1 and not after[0].parameters:
            layer = node.layer.joined(after[0].layer)
        if layer is None or after is None:
            result.append((node, value))
            continue
        absorbed.add(id(after[0]))
        result.append((replace(node, layer=layer), after[1]))
    return result
