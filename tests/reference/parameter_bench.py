"""A place to run the rows of one layer with parameters, forward and backward, on NumPy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.lowering import Buffer, Gradient, Home, Per, Precision, Target
from dltrain.core.shapes import size_of
from dltrain.layers.base import Layer
from tests.reference.bfloat16 import exact
from tests.reference.layer_bench import LayerBench
from tests.reference.run_kernel import run_kernel

SLACK = 128
"""Numbers behind every array, all NaN: kernels may read them, results may not hold them."""


class ParameterBench(LayerBench):
    """Stands in for the engine towards a layer with parameters, which get random values."""

    def __init__(
        self,
        layer: dict[str, Any] | Layer,
        x: NDArray[np.float32],
        *,
        target: Target,
        owns_parameters: bool = True,
        accumulate: bool = False,
        precision: Precision = "float32",
    ) -> None:
        """Lay out everything with slack behind it; parameters get random values.

        Those that `precision` has, so that rounding changes nothing.
        """
        super().__init__(layer, x, accumulate=accumulate)
        self.target, self.owns_parameters, self.precision = target, owns_parameters, precision
        self.arrays = {buffer: _roomy(array) for buffer, array in self.arrays.items()}
        self.y = self.arrays[self.output]
        self.gradients = [self.arrays[buffer] for buffer in self._gradients]
        self.parameter_gradients: dict[str, NDArray[np.float32]] = {}
        self._sums: dict[str, Buffer] = {}
        generator = np.random.default_rng(4)
        for buffer in self._parameters.values():
            values = generator.normal(size=buffer.shape).astype(np.float32)
            self.arrays[buffer][...] = exact(values, precision)

    @property
    def parameters(self) -> dict[str, NDArray[np.float32]]:
        """The parameters' values."""
        return {name: self.arrays[buffer] for name, buffer in self._parameters.items()}

    @property
    def slack_is_untouched(self) -> bool:
        """Whether nothing was written behind any array."""
        return all(
            np.array_equal(array.base[array.size :], _slack(array.dtype), equal_nan=True)
            for array in self.arrays.values()
            if array.base is not None
        )

    def parameter_gradient(self, name: str, *, per: Per, transposed: bool = False) -> Gradient:
        """Give where a parameter's gradient is added; it starts from zero."""
        assert self.owns_parameters or not transposed
        if name not in self._sums:
            shape = self._parameters[name].shape
            buffer = Buffer(f"{name}/gradient", shape, Home.LANE)
            stored = (shape[-1], *shape[:-1]) if transposed else shape
            total = _roomy(np.zeros(stored, np.float32))
            self._sums[name], self.arrays[buffer] = buffer, total
            self.parameter_gradients[name] = np.moveaxis(total, 0, -1) if transposed else total
        return Gradient(self._sums[name], accumulate=True)

    def prepared(
        self,
        name: str,
        kernel: str,
        *,
        shape: tuple[int, ...],
        sizes: tuple[int, ...],
        variant: tuple[int, ...] = (),
        parts: tuple[tuple[int, int], ...] = (),
        scratch: tuple[int, ...] = (),
    ) -> Buffer:
        """Give a rearranged copy of a parameter."""
        copy = Buffer(f"{name}/{kernel}", shape, Home.FIXED)
        self.arrays[copy] = _roomy(np.full(shape, np.nan, np.float32))
        operands = [self.arrays[self._parameters[name]], self.arrays[copy]]
        if scratch:
            operands.append(_roomy(np.full(scratch, np.nan, np.float32)))
        rows = range(parts[-1][1] if parts else size_of(shape[:-1]))
        fixed = range(len(operands))
        run_kernel(kernel, operands, variant=variant, sizes=sizes, samples=rows, fixed=fixed)
        return copy

    def thread_scratch(self, shape: tuple[int, ...]) -> Buffer:
        """Give room for a row to work in; nothing is known of it."""
        room = Buffer("room", shape, Home.THREAD)
        self.arrays[room] = _roomy(np.full(shape, np.nan, np.float32))
        return room

    def row(self, kernel: str, *, per: Per = "any", **facts: Any) -> None:
        """Run a row, sample by sample where it wants one at a time."""
        buffers = (*facts.get("reads", ()), *facts.get("writes", ()))
        run_kernel(
            kernel,
            [self.arrays[buffer.root] for buffer in buffers],
            variant=facts.get("variant", ()),
            sizes=facts.get("sizes", ()),
            numbers=facts.get("numbers", ()),
            samples=range(self.samples),
            fixed=[i for i, buffer in enumerate(buffers) if buffer.home is not Home.SAMPLE],
            one_by_one=per == "sample",
        )

    def _add(self, name: str, array: NDArray[Any]) -> Buffer:
        buffer = super()._add(name, array)
        self.arrays[buffer] = _roomy(array)
        return buffer


def _roomy(array: NDArray[Any]) -> NDArray[Any]:
    """Copy an array to where slack follows."""
    room = np.concatenate([array.ravel(), _slack(array.dtype)])
    return room[: array.size].reshape(array.shape)


def _slack(kind: np.dtype[Any]) -> NDArray[Any]:
    return np.full(SLACK, np.nan if kind.kind == "f" else 0, kind)
