"""Outputs of a network for any number of samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltrain.engine.network import Network
from dltrain.engine.table import Compiled


class Predictor:
    """Runs a network forward, `batch_size` samples at a time.

    What is prepared of the parameters, such as transformed kernels, is kept from call to call:
    after a change of parameters call `refresh`.
    """

    def __init__(
        self,
        network: Network,
        *,
        batch_size: int = 64,
        threads: int | None = None,
        on_compile: Compiled | None = None,
    ) -> None:
        """Compile the forward pass."""
        self.network = network
        self.program = network.program(
            batch_size=batch_size, threads=threads, on_compile=on_compile
        )
        self._prepared = False

    def refresh(self) -> None:
        """Let the next call read all parameters anew."""
        self._prepared = False

    def __call__(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the output [n, ...] of what the network sees."""
        ready = self.network.checked([x])
        with self.network.lock:
            prepare, self._prepared = not self._prepared, len(x) > 0
            return self.program.outputs(ready, prepare=prepare)
