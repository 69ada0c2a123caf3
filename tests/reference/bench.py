"""A place to run the rows of one component at once, on NumPy arrays: no graph, no table."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dltrain.core import cells
from dltrain.core.labels import VOID
from dltrain.core.lowering import Buffer, Gradient, Home, Per, Precision, Target
from tests.reference.run_kernel import run_kernel


class Bench:
    """Stands in for the engine towards an activation, a loss or a metric; rows run as written."""

    training, frozen = True, False
    target = Target(16, 32)
    precision: Precision = "float32"
    output_activation = "linear"

    def __init__(
        self,
        x: NDArray[np.float32],
        *,
        y: NDArray[np.float32] | None = None,
        dy: NDArray[np.float32] | None = None,
        target: NDArray[Any] | None = None,
        accumulate: bool = False,
        totals: int = 1,
        scales: tuple[tuple[float, float], ...] = (),
    ) -> None:
        """Lay out input x, output y, their gradients, targets, cells and a total."""
        self.samples = self.batch_size = len(x)
        self.accumulate, self.scales = accumulate, scales
        self.arrays: dict[Buffer, NDArray[Any]] = {}
        self.x = np.ascontiguousarray(x)
        self.y = np.full_like(self.x, 7) if y is None else y
        self.dx = np.full_like(self.x, 7)
        self.inputs = (self._add("x", self.x),)
        self.output = self._add("y", self.y)
        self.logits = self.inputs[0]
        self._dx = self._add("dx", self.dx)
        if dy is not None:
            self.output_gradient = self._add("dy", dy)
        self.target_form: Literal["labels", "dense"] = "labels"
        self.labelled = self.samples
        if target is not None:
            self.target_form = "labels" if target.dtype == np.int32 else "dense"
            self.target_buffer = self._add("target", target)
            positions = int((target != VOID).sum())
            dense = target.size // target.shape[-1]
            self.labelled = positions if self.target_form == "labels" else dense
        self.sum = np.zeros(totals)
        self.total = Buffer("total", (totals,), Home.LANE, 8)
        self.arrays[self.total] = self.sum
        self.cells = Buffer("cells", (cells.COUNT,), Home.FIXED, 8)
        self.arrays[self.cells] = np.zeros(cells.COUNT)
        self.arrays[self.cells][cells.BATCH] = self.samples
        self.arrays[self.cells][cells.LABELLED] = self.labelled

    @property
    def mean(self) -> float:
        """The mean over what has a target."""
        return float(self.sum[0]) / self.labelled

    @property
    def gradient(self) -> NDArray[np.float32]:
        """The gradient that backward left, without what lay there before."""
        return self.dx - np.float32(7) if self.accumulate else self.dx

    def hand_on(self, index: int = 0) -> bool:
        return False

    def input_gradient(self, index: int = 0) -> Gradient:
        """Give where the gradient of the input goes."""
        return Gradient(self._dx, self.accumulate)

    def row(
        self,
        kernel: str,
        *,
        variant: tuple[int, ...] = (),
        reads: tuple[Buffer, ...] = (),
        writes: tuple[Buffer, ...] = (),
        sizes: tuple[int, ...] = (),
        numbers: tuple[float, ...] = (),
        per: Per = "any",
        parts: tuple[tuple[int, int], ...] = (),
    ) -> None:
        """Run a row; what is tested here is never shared in parts."""
        assert not parts
        buffers = (*reads, *writes)
        run_kernel(
            kernel,
            [self.arrays[buffer.root] for buffer in buffers],
            variant=variant,
            sizes=sizes,
            numbers=numbers,
            samples=range(self.samples),
            fixed=[i for i, buffer in enumerate(buffers) if buffer.home is not Home.SAMPLE],
        )

    def _add(self, name: str, array: NDArray[Any]) -> Buffer:
        buffer = Buffer(name, array.shape[1:])
        self.arrays[buffer] = array
        return buffer
