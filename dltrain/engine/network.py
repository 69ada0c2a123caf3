"""A network that can be run: its graph, its arrays, and programs made when first needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from threading import RLock
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dltrain.core import cells
from dltrain.core.errors import UsageError
from dltrain.core.inputs import NOTHING_KNOWN, InputFacts
from dltrain.core.lowering import Precision, Target
from dltrain.core.shapes import Shape, describe
from dltrain.engine.graph import Graph, LayerFacts, build_graph
from dltrain.engine.lower import Lowerer, Objective, TargetForm
from dltrain.engine.parameters import Array, ParameterStore
from dltrain.engine.program import Program
from dltrain.engine.table import Compiled
from dltrain.engine.target import host
from dltrain.engine.threads import available
from dltrain.layers.base import Layer

FORWARD_BATCHES = (1, 8, 64)
"""Samples that `forward` takes at once: the least of these that hold all, or parts of the last."""
KEPT_PROGRAMS = 4
"""Compiled programs that a network keeps for its own methods."""


class Network:
    """A graph with parameters.

    `parameters` and `state` are dicts of float32 arrays, writable in place at any time: every run
    reads them anew.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        seed: int = 0,
        objective: Objective | None = None,
        threads: int | None = None,
        target: Target | None = None,
        precision: Precision = "float32",
    ) -> None:
        """Take memory for the parameters and draw their starting values.

        `precision` is that of programs with gradients; all others compute in float32.
        """
        self.graph, self.seed, self.objective = graph, seed, objective
        self.threads = threads or available()
        self.target, self.precision = target or host(), precision
        self.store = ParameterStore(graph.parameters)
        self.store.initialize(seed)
        self.parameters: dict[str, Array] = self.store.weights()
        self.state: dict[str, Array] = self.store.state()
        self.lock = RLock()
        """Held while a program of this network runs and is read: one caller at a time."""
        self._programs: dict[tuple[str, bool, int], Program] = {}

    @classmethod
    def build(
        cls,
        layers: tuple[Layer, ...],
        *,
        input_shape: Shape,
        classes: int | None = None,
        facts: InputFacts = NOTHING_KNOWN,
        seed: int = 0,
        objective: Objective | None = None,
        threads: int | None = None,
    ) -> Network:
        """Build a network of layers one after another; raises ShapeError where they do not fit."""
        graph = build_graph(layers, tuple(input_shape), classes, facts)
        return cls(graph, seed=seed, objective=objective, threads=threads)

    @property
    def input_shape(self) -> Shape:
        """The shape of one sample of the (first) input."""
        return self.graph.inputs[0].shape

    @property
    def output_shape(self) -> Shape:
        """The shape of one sample of the output."""
        assert self.graph.output is not None  # noqa: S101 - a graph is built before it is used
        return self.graph.output.shape

    def layers_table(self) -> list[LayerFacts]:
        """Describe each layer, first to last."""
        return self.graph.table()

    def forward(
        self, *x: NDArray[np.float32], training: bool = False, step: int = 0
    ) -> NDArray[np.float32]:
        """Compute the output [n, ...] of what the network sees: one array for each input."""
        inputs = self.checked(x)
        count = len(inputs[0])
        enough = next((size for size in FORWARD_BATCHES if size >= count), FORWARD_BATCHES[-1])
        # Dropout draws by the sample's place in its batch: in training all are one batch.
        size = max(count, 1) if training else enough
        with self.lock:
            program = self._program("forward", training, size)
            program.cells[cells.SEED], program.cells[cells.STEP] = self.seed, step
            return program.outputs(inputs)

    def loss_and_gradients(
        self,
        x: NDArray[np.float32] | Sequence[NDArray[np.float32]],
        y: NDArray[np.generic],
        *,
        training: bool = True,
        step: int = 0,
    ) -> tuple[float, dict[str, Array]]:
        """Give the loss, regularization included, and the gradient of every parameter that learns.

        Targets are class indices (-1 where there is none), or numbers with the axes of the output.
        """
        if self.objective is None:
            message = "this network has no loss"
            raise UsageError(message, hint="build it from a config with training.loss")
        inputs = self.checked([x] if isinstance(x, np.ndarray) else x)
        count = len(inputs[0])
        target, form = self.checked_target(y, count)
        with self.lock:
            program = self._program(form, training, count)
            program.cells[cells.SEED], program.cells[cells.STEP] = self.seed, step
            program.run(inputs, target)
            loss = program.totals()[0] + float(program.cells[cells.PENALTY])
            if program.gradient is None:  # nothing learns
                return loss, {}
            return loss, self.store.named(program.gradient.copy())

    def penalty(self) -> float:
        """Compute the regularization terms of the loss (float64)."""
        total = 0.0
        for parameter in self.store.trainable:
            if parameter.spec.regularizer is not None:
                l1, l2 = parameter.spec.regularizer.factors()
                values = self.store.view(parameter).astype(np.float64)
                total += l1 * float(np.abs(values).sum()) + l2 * float(np.square(values).sum())
        return total

    def program(
        self,
        *,
        batch_size: int,
        objective: Objective | None = None,
        training: bool = False,
        gradients: bool = False,
        threads: int | None = None,
        on_compile: Compiled | None = None,
        graph: Graph | None = None,
        **update: object,
    ) -> Program:
        """Compile a program that shares this network's parameters.

        `graph` is one of shorter sequences; default: the network's own.
        """
        lowerer = Lowerer(
            graph or self.graph,
            self.target,
            objective=objective,
            training=training,
            gradients=gradients,
            batch_size=batch_size,
            precision=self.precision if gradients else "float32",
        )
        return Program(
            lowerer.lower(),
            self.store,
            batch_size=batch_size,
            threads=threads or self.threads,
            on_compile=on_compile,
            **update,  # type: ignore[arg-type]
        )

    def checked(self, arrays: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Give inputs as contiguous float32 arrays of the shapes that the network takes."""
        shapes = [value.shape for value in self.graph.inputs]
        if len(arrays) != len(shapes):
            raise UsageError(f"the network takes {len(shapes)} inputs, but {len(arrays)} came")
        ready = [np.ascontiguousarray(array, np.float32) for array in arrays]
        for array, shape in zip(ready, shapes, strict=True):
            if array.shape[1:] != shape or len(array) != len(ready[0]):
                wanted, came = describe((len(ready[0]), *shape)), describe(array.shape)
                raise UsageError(f"the network takes an array of shape {wanted}, but {came} came")
        return ready

    def checked_target(
        self, y: NDArray[np.generic], count: int
    ) -> tuple[NDArray[np.generic], TargetForm]:
        """Give targets as the contiguous array that the loss reads, and their form."""
        y = np.asarray(y)
        labels, dense = (count, *self.output_shape[:-1]), (count, *self.output_shape)
        if y.shape == dense:
            return np.ascontiguousarray(y, np.float32), "dense"
        if y.shape != labels:
            wanted, came = f"{describe(labels)} or {describe(dense)}", describe(y.shape)
            raise UsageError(f"the loss takes targets of shape {wanted}, but {came} came")
        return np.ascontiguousarray(y, np.int32), "labels"

    def _program(
        self,
        purpose: Literal["forward"] | TargetForm,
        training: bool,
        batch_size: int,
    ) -> Program:
        key = (purpose, training, batch_size)
        if key not in self._programs:
            objective = None
            if purpose != "forward" and self.objective is not None:
                objective = replace(self.objective, target_form=purpose)
            if len(self._programs) == KEPT_PROGRAMS:
                del self._programs[next(iter(self._programs))]
            self._programs[key] = self.program(
                batch_size=batch_size,
                objective=objective,
                training=training,
                gradients=objective is not None,
            )
        return self._programs[key]
