"""Means and variances that layers take from the training split before the first step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dltrain.data.loader import Batch
from dltrain.engine.graph import Node
from dltrain.engine.network import Network
from dltrain.engine.predictor import Predictor

Moments = tuple[NDArray[np.float64], NDArray[np.float64]]
Forward = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def learn_moments(network: Network, batches: Callable[[], Iterable[Batch]], *, size: int) -> None:
    """Fill the state of every layer that measures its input, first to last, in one pass each."""
    for index, node in enumerate(network.graph.nodes):
        if node.layer.is_measured:
            forward = _before(network, index, size)
            mean, variance = _moments(forward(batch.x) for batch in batches())
            network.state[node.parameters["mean"].name][...] = mean
            network.state[node.parameters["variance"].name][...] = variance


def _before(network: Network, index: int, size: int) -> Forward:
    """Give the function that computes the input of a node."""
    node: Node = network.graph.nodes[index]
    if node.inputs[0].node is None:
        return lambda x: x
    graph = replace(
        network.graph,
        nodes=network.graph.nodes[:index],
        values=network.graph.values[:index],
        output=node.inputs[0],
    )
    part = Network(graph, seed=network.seed, threads=network.threads)
    for name, array in (part.parameters | part.state).items():
        array[...] = (network.parameters | network.state)[name]
    return Predictor(part, batch_size=size, threads=network.threads)


def _moments(parts: Iterable[NDArray[np.float32]]) -> Moments:
    """Merge counts, means and squared deviations of the last axis' features, in float64."""
    count, mean, squares = 0, np.zeros(1), np.zeros(1)
    for part in parts:
        rows = part.reshape(-1, part.shape[-1]).astype(np.float64)
        new = rows.mean(axis=0)
        total = count + len(rows)
        shift = new - mean
        squares = squares + ((rows - new) ** 2).sum(axis=0)
        squares = squares + shift**2 * (count * len(rows) / total)
        mean = mean + shift * (len(rows) / total)
        count = total
    return mean, squares / max(count, 1)
