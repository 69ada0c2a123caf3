"""How near work comes to what this machine can do: its peaks, and a layer's place under them.

Source: Williams, Waterman, Patterson 2009, "Roofline: an insightful visual performance model".
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from dltrain.engine.network import Network
from dltrain.engine.program import LANE, Program
from dltrain.layers.flatten import Flatten
from dltrain.training.product import product_rate

PEAK_SECONDS = 0.8
"""How long each peak is looked for."""
COPIED_BYTES = 2**27
"""Bytes that are copied at a time: several times what caches hold."""
LANES_EACH = 4
"""Parts of the copy for each thread, so that none waits long for the others."""

Bound = Literal["compute", "memory", "overhead"]


@dataclass(frozen=True)
class Peaks:
    """The most that this machine was seen to do in a second, on the threads of a training."""

    operations: float
    """Multiplications and additions, in NumPy's product of large float32 matrices."""
    bytes: float
    """Bytes read and written, in a copy that no cache holds."""


@dataclass(frozen=True)
class Standing:
    """Where some work stands under the roof."""

    operations_per_second: float
    bytes_per_second: float
    compute_share: float
    """Operations per second as a share of the peak; above 1 where the algorithm does fewer."""
    memory_share: float
    """Bytes per second as a share of the peak; above 1 where a cache held them."""

    @property
    def bound(self) -> Bound:
        """What takes most of the time: a peak, or whatever neither of the two explains."""
        if max(self.compute_share, self.memory_share) < 0.5:
            return "overhead"
        return "compute" if self.compute_share >= self.memory_share else "memory"

    @property
    def bound_share(self) -> float:
        """The share of the time that the bound explains."""
        share = max(self.compute_share, self.memory_share)
        return 1 - share if self.bound == "overhead" else share

    def as_json(self) -> dict[str, Any]:
        """Give all as plain values."""
        return {**asdict(self), "bound": self.bound, "bound_share": self.bound_share}


def stand(seconds: float, operations: int, moved: int, peaks: Peaks) -> Standing:
    """Place work of so many operations and bytes, done in so many seconds, under the peaks."""
    done = operations / seconds if seconds > 0 else 0.0
    passed = moved / seconds if seconds > 0 else 0.0
    return Standing(done, passed, done / peaks.operations, passed / peaks.bytes)


def measure_peaks(threads: int) -> Peaks:
    """Measure both peaks on a number of threads, in about two seconds."""
    return Peaks(product_rate(threads, PEAK_SECONDS), _copy_rate(threads, PEAK_SECONDS))


def _copy_rate(threads: int, seconds: float) -> float:
    """Give the bytes per second of the quickest copy by the kernels and threads of a training."""
    program, x = _copying(threads)
    program.run([x])  # until threads and pages are there
    best, end = float("inf"), time.perf_counter() + seconds
    while (begin := time.perf_counter()) < end or best == float("inf"):
        program.run([x])
        best = min(best, time.perf_counter() - begin)
    return 2 * x.nbytes / best


def _copying(threads: int) -> tuple[Program, np.ndarray[Any, np.dtype[np.float32]]]:
    """Give a program that copies its input, as one does whose layers only change the shape."""
    samples = LANE * LANES_EACH * threads
    count = max(1, COPIED_BYTES // (4 * samples))
    network = Network.build((Flatten(),), input_shape=(count,), threads=threads)
    program = network.program(batch_size=samples, threads=threads)
    return program, np.ones((samples, count), np.float32)
