"""The arrays of a network: all that training changes in one block, all else in another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltrain.core.lowering import Buffer, Home
from dltrain.core.seeds import stream
from dltrain.engine.arrays import LINE, aligned_floats, rounded
from dltrain.engine.graph import Parameter

Array = NDArray[np.float32]


class ParameterStore:
    """Holds every parameter as a view into a flat array, each at a cache line's start.

    The optimizer, the gradients of each lane and the optimizer's slots share the layout of the
    `trainable` ones; frozen ones and state lie apart.
    """

    def __init__(self, parameters: list[Parameter]) -> None:
        """Lay the parameters out; all values are zero."""
        self.parameters = parameters
        self.trainable = [p for p in parameters if p.learns]
        self.fixed = [p for p in parameters if not p.learns]
        self.offsets: dict[int, int] = {}
        self.size = self._place(self.trainable)
        self.flat = aligned_floats(self.size)
        self.fixed_flat = aligned_floats(self._place(self.fixed))
        self.buffers = {id(p): Buffer(p.name, p.spec.shape, Home.FIXED) for p in parameters}

    def initialize(self, seed: int) -> None:
        """Draw the starting values, each from a stream named after its parameter."""
        for parameter in self.parameters:
            generator = stream(seed, f"initialize {parameter.name}")
            drawn = parameter.spec.initializer.sample(generator, parameter.spec.shape)
            self.view(parameter)[...] = drawn

    def view(self, parameter: Parameter) -> Array:
        """Give the parameter's own values, writable."""
        flat = self.flat if parameter.learns else self.fixed_flat
        return self.view_in(flat, parameter)

    def view_in(self, flat: Array, parameter: Parameter) -> Array:
        """Give the part of an array of the same layout that belongs to the parameter."""
        start = self.offsets[id(parameter)]
        return flat[start : start + parameter.size].reshape(parameter.spec.shape)

    def named(self, flat: Array | None = None) -> dict[str, Array]:
        """Give the views of what training changes in `flat` (by default the values), by name."""
        flat = self.flat if flat is None else flat
        return {p.name: self.view_in(flat, p) for p in self.trainable}

    def weights(self) -> dict[str, Array]:
        """Give the values of all parameters, trainable and frozen, by name."""
        return {p.name: self.view(p) for p in self.parameters if p.spec.trainable}

    def state(self) -> dict[str, Array]:
        """Give the values of all that is kept but not trained, by name."""
        return {p.name: self.view(p) for p in self.parameters if not p.spec.trainable}

    def _place(self, parameters: list[Parameter]) -> int:
        position = 0
        for parameter in parameters:
            self.offsets[id(parameter)] = position
            position += rounded(parameter.size * 4) // 4
        return max(position, LINE // 4)
