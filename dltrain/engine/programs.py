"""A program for each length that sequences come in, made when it is first needed."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from dltrain.engine.network import Network
from dltrain.engine.program import Program


class Programs:
    """Programs of one purpose that share a network's parameters."""

    def __init__(self, network: Network, **purpose: Any) -> None:
        """Compile the program of whole sequences; `purpose` is as `Network.program` takes it."""
        self._network, self._purpose = network, purpose
        self.whole = network.program(**purpose)
        steps = network.input_shape[:1]
        self._by_steps: dict[tuple[int, ...], Program] = {steps: self.whole}

    def of(self, x: NDArray[Any]) -> Program:
        """Give the program of samples [n, time, ...] of some length."""
        steps = x.shape[1:2]
        if steps not in self._by_steps:
            graph = self._network.graph.shortened(*steps)
            self._by_steps[steps] = self._network.program(graph=graph, **self._purpose)
        return self._by_steps[steps]
