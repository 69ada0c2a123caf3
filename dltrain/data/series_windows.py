"""Windows of a series that overlap: values are kept once, and copied where a window is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.shapes import Shape
from dltrain.data.transforms.base import Transform


@dataclass(frozen=True, eq=False)
class WindowStore:
    """Windows [length, columns] of values [steps, columns], by the steps that they begin at."""

    values: NDArray[np.float32]
    starts: NDArray[np.int64]
    length: int
    divisor: None = None

    @property
    def shape(self) -> Shape:
        """The shape of one window."""
        return self.length, self.values.shape[1]

    def __len__(self) -> int:
        """Count the windows."""
        return len(self.starts)

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Copy windows out, [n, length, columns]."""
        steps = self.starts[rows][:, np.newaxis] + np.arange(self.length)
        return np.take(self.values, steps, axis=0)

    def prepared(self, transforms: tuple[Transform, ...]) -> WindowStore:
        """Stay as it is: no transform works on pixels here."""
        return self


def window_starts(
    first: int, end: int, length: int, horizon: int, stride: int
) -> NDArray[np.int64]:
    """Give where windows begin of which all steps to be told lie in [first, end) of the series."""
    return np.arange(max(first - length, 0), end - length - horizon + 1, stride, dtype=np.int64)
