"""Loss and metrics of a network over a data set, batch by batch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dltrain.core import cells
from dltrain.engine.lower import Objective, TargetForm
from dltrain.engine.network import Network
from dltrain.engine.programs import Programs
from dltrain.engine.table import Compiled
from dltrain.engine.tally import Tally
from dltrain.losses.base import Loss
from dltrain.metrics.base import Metric


class Result(NamedTuple):
    """Means over all samples added."""

    loss: float
    """With the regularization terms, as in training."""
    metrics: tuple[float, ...]
    samples: int


class Evaluator:
    """Adds up loss and metrics over batches of at most `batch_size` samples."""

    def __init__(
        self,
        network: Network,
        *,
        loss: Loss,
        metrics: tuple[Metric, ...],
        batch_size: int,
        threads: int,
        target_form: TargetForm = "labels",
        scales: tuple[tuple[float, float], ...] = (),
        on_compile: Compiled | None = None,
    ) -> None:
        """Compile the forward pass with its sums."""
        self.network = network
        self.programs = Programs(
            network,
            batch_size=batch_size,
            objective=Objective(loss, metrics, target_form, scales),
            threads=threads,
            on_compile=on_compile,
        )
        self._target_type = np.int32 if target_form == "labels" else np.float32
        self.tally = Tally(metrics)

    def reset(self) -> None:
        """Forget all samples added."""
        self.tally.reset()

    def add(self, x: NDArray[np.float32], y: NDArray[np.generic]) -> None:
        """Add one batch."""
        program = self.programs.of(x)
        program.cells[cells.SEED] = self.network.seed
        program.run(
            [np.ascontiguousarray(x, np.float32)], np.ascontiguousarray(y, self._target_type)
        )
        loss, totals = program.totals()
        labelled = float(program.cells[cells.LABELLED])
        self.tally.add(totals, labelled=labelled, samples=len(x), loss=loss)

    def result(self) -> Result:
        """Give the means over all samples added."""
        tally = self.tally
        return Result(tally.loss + self.network.penalty(), tally.metrics, tally.samples)
