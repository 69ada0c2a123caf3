"""The best rate of NumPy's products of large float32 matrices, by a process of its own.

Runs as a script: the libraries behind NumPy are told their number of threads by the environment,
which they read once, when they are loaded.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np

SIZES = (1024, 2048)
"""Rows and columns: large enough that more give no higher rate."""
VARIABLES = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
)


def product_rate(threads: int, seconds: float) -> float:
    """Give the operations per second that products on some threads reach in about `seconds`."""
    environment = {**os.environ, **dict.fromkeys(VARIABLES, str(threads))}
    # Without -P this file's folder would come first where the child looks for modules.
    command = [sys.executable, "-P", __file__, str(seconds)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)  # noqa: S603 - itself
    return float(done.stdout)


def best_rate(size: int, seconds: float) -> float:
    """Multiply matrices again and again; give the operations per second of the quickest product."""
    a, b = np.random.default_rng(0).random((2, size, size), dtype=np.float32)
    out = np.empty_like(a)
    np.matmul(a, b, out=out)  # until threads and pages are there
    best, end = float("inf"), time.perf_counter() + seconds
    while (begin := time.perf_counter()) < end or best == float("inf"):
        np.matmul(a, b, out=out)
        best = min(best, time.perf_counter() - begin)
    return 2.0 * size**3 / best


if __name__ == "__main__":
    each = float(sys.argv[1]) / len(SIZES)
    sys.stdout.write(str(max(best_rate(size, each) for size in SIZES)))
