"""Training steps: a program with an optimizer, and what it remembers between steps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dltrain.core import cells
from dltrain.core.errors import NumericError
from dltrain.engine.arrays import aligned_floats
from dltrain.engine.diagnose import first_bad_layer
from dltrain.engine.lower import Objective, TargetForm
from dltrain.engine.network import Network
from dltrain.engine.parameters import Array
from dltrain.engine.program import Program
from dltrain.engine.programs import Programs
from dltrain.engine.table import Compiled
from dltrain.engine.tally import Tally
from dltrain.losses.base import Loss
from dltrain.metrics.base import Metric
from dltrain.optimizers.base import Optimizer


class StepResult(NamedTuple):
    """What one step came to."""

    loss: float
    """The mean over the batch, with the regularization terms."""
    samples: int


class Trainer:
    """Takes one optimizer step for each batch.

    `steps` counts the updates made; `slots` holds what the optimizer remembers,
    `slot -> parameter -> array`, writable in place. Both can be set to go on where another training
    stopped. `tally` adds up loss and metrics until its owner resets it.
    """

    def __init__(
        self,
        network: Network,
        *,
        loss: Loss,
        metrics: tuple[Metric, ...],
        optimizer: Optimizer,
        batch_size: int,
        threads: int,
        seed: int,
        total_steps: int,
        target_form: TargetForm = "labels",
        scales: tuple[tuple[float, float], ...] = (),
        on_compile: Compiled | None = None,
    ) -> None:
        """Compile the training step."""
        self.network, self.optimizer, self.total_steps = network, optimizer, total_steps
        self.steps, self.learning_rate, self.seed = 0, 0.0, seed
        self.tally = Tally(metrics)
        flat = {name: aligned_floats(network.store.size) for name in optimizer.slots()}
        self.slots: dict[str, dict[str, Array]] = {
            name: network.store.named(array) for name, array in flat.items()
        }
        self.programs = Programs(
            network,
            batch_size=batch_size,
            objective=Objective(loss, metrics, target_form, scales),
            training=True,
            gradients=True,
            threads=threads,
            on_compile=on_compile,
            optimizer=optimizer,
            slots=flat,
        )
        self._target_type = np.int32 if target_form == "labels" else np.float32

    def step(self, x: NDArray[np.float32], y: NDArray[np.generic]) -> StepResult:
        """Update the parameters from one batch.

        Raises: NumericError when the loss or a gradient is not finite; the parameters are then as
        they were before the step.
        """
        program, count = self.programs.of(x), len(x)
        x = np.ascontiguousarray(x, np.float32)
        y = np.ascontiguousarray(y, self._target_type)
        self.learning_rate = self.optimizer.rate(self.steps, self.total_steps)
        numbers = self.optimizer.numbers(self.steps, self.learning_rate)
        values = program.cells
        values[cells.OPTIMIZER : cells.OPTIMIZER + len(numbers)] = numbers
        values[cells.STEP], values[cells.SEED] = self.steps, self.seed
        program.run([x], y)
        loss, totals = program.totals()
        if values[cells.STATUS]:
            self._complain(program, x, y)
        self.steps += 1
        loss += float(values[cells.PENALTY])
        labelled = float(values[cells.LABELLED])
        self.tally.add(totals, labelled=labelled, samples=count, loss=loss)
        return StepResult(loss, count)

    @property
    def program(self) -> Program:
        """The step of whole samples."""
        return self.programs.whole

    def close(self) -> None:
        """Let the programs' memory go."""
        del self.programs

    def _complain(self, program: Program, x: NDArray[np.float32], y: NDArray[np.generic]) -> None:
        where = first_bad_layer(program, [x], y)
        raise NumericError(
            f"the loss is not finite at step {self.steps + 1}: {where}",
            hint="lower optimizer.learning_rate, or check the data for values that are not finite",
        )
