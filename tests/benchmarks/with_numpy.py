"""The machine's peak: NumPy's product of large float32 matrices."""

from __future__ import annotations

import numpy as np

from tests.benchmarks.contender import Work

SIZES = (1024, 2048, 3072)


class Runner:
    """Multiplies; it has no network."""

    def setup(self, work: Work) -> None:
        """Draw two matrices of each size."""
        generator = np.random.default_rng(0)
        self.matrices = {
            size: generator.random((2, size, size), dtype=np.float32) for size in SIZES
        }

    def product(self, size: int, times: int) -> None:
        """Multiply the matrices of a size."""
        a, b = self.matrices[size]
        out = np.empty_like(a)
        for _ in range(times):
            np.matmul(a, b, out=out)
