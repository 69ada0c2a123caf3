"""A place to run the rows of one layer at once, forward and backward, on NumPy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core import cells
from dltrain.core.lowering import Buffer, Gradient, Home
from dltrain.layers.base import Layer
from tests.reference.bench import Bench


class LayerBench(Bench):
    """Stands in for the engine towards a layer with any number of inputs, none of it padding."""

    mask: Buffer | None = None

    def __init__(
        self,
        layer: dict[str, Any] | Layer,
        *inputs: NDArray[np.float32],
        accumulate: bool = False,
        needs_gradient: bool = True,
        seed: int = 0,
        step: int = 0,
    ) -> None:
        """Lay out inputs, output, gradients and state; what must be written is full of NaN."""
        self.layer: Layer = Layer.parse(layer)
        shapes = [x.shape[1:] for x in inputs]
        y = np.full((len(inputs[0]), *self.layer.output_shape(*shapes)), np.nan, np.float32)
        super().__init__(inputs[0], y=y, accumulate=accumulate)
        self.needs_gradient = needs_gradient
        self.inputs = tuple(self._add("x", np.ascontiguousarray(x)) for x in inputs)
        left = 1 if accumulate else np.nan
        self.gradients = [np.full(x.shape, left, np.float32) for x in inputs]
        self._gradients = [self._add("dx", dx) for dx in self.gradients]
        self._kept: dict[str, Buffer] = {}
        self._parameters: dict[str, Buffer] = {}
        for name, spec in self.layer.parameters(*shapes).items():
            buffer = Buffer(name, spec.shape, Home.FIXED)
            values = spec.initializer.sample(np.random.default_rng(0), spec.shape)
            self.arrays[buffer] = np.ascontiguousarray(values, np.float32)
            self._parameters[name] = buffer
        self.arrays[self.cells][[cells.SEED, cells.STEP]] = seed, step

    def forward(self) -> NDArray[np.float32]:
        """Run the layer's forward rows; give the output."""
        self.layer.forward(self)  # type: ignore[arg-type]
        return self.y

    def backward(self, dy: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Run the backward rows; give the inputs' gradients without what was there before."""
        self.output_gradient = self._add("dy", np.ascontiguousarray(dy, np.float32))
        self.layer.backward(self)  # type: ignore[arg-type]
        return [dx - 1 if self.accumulate else dx for dx in self.gradients]

    def parameter(self, name: str) -> Buffer:
        """Give a parameter or state."""
        return self._parameters[name]

    def keep(self, name: str, shape: tuple[int, ...], *, width: int = 4) -> Buffer:
        """Give a buffer that forward and backward share."""
        if name not in self._kept:
            kind = {1: np.uint8, 4: np.int32}[width]
            self._kept[name] = self._add(name, np.zeros((self.samples, *shape), kind))
        return self._kept[name]

    def scratch(
        self, shape: tuple[int, ...], *, width: int = 4, interleaved: bool = False
    ) -> Buffer:
        """Give a buffer of which nothing is known."""
        kind = {4: np.float32, 8: np.float64}[width]
        return self._add("scratch", np.full((self.samples, *shape), np.nan, kind))

    def input_gradient(self, index: int = 0) -> Gradient:
        """Give where the gradient of an input goes."""
        return Gradient(self._gradients[index], self.accumulate)

    def seed(self) -> int:
        """Give the number of this layer's random stream."""
        return 77
