"""What takes part in a benchmark: the same network and work, in one framework and mode."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.workloads import Workload

Batch = tuple[NDArray[np.float32], NDArray[np.int64]]


@dataclass(frozen=True)
class Work:
    """What is done, and with what."""

    workload: Workload
    threads: int
    images: NDArray[np.uint8]
    """MNIST's training images (n, 28, 28, 1); none where the workload stores none."""
    labels: NDArray[np.uint8]

    def batches(self) -> list[Batch]:
        """Give the batches as the network sees them: the first images, or drawn ones."""
        size, count = self.workload.batch_size, self.workload.batches
        if self.workload.stored:
            x = self.images[: size * count].astype(np.float32) / 255
            y = self.labels[: size * count].astype(np.int64)
        else:
            generator = np.random.default_rng(0)
            shape = (size * count, *self.workload.input_shape)
            if self.workload.tokens is not None:
                x = generator.integers(0, self.workload.tokens, shape).astype(np.float32)
            else:
                x = generator.random(shape, dtype=np.float32)
            labelled = shape if self.workload.writes else shape[:1]
            y = generator.integers(0, self.workload.classes, labelled)
        cuts = range(size, size * count, size)
        return list(zip(np.split(x, cuts), np.split(y, cuts), strict=True))


class Contender(Protocol):
    """Lives in a process of its own; `setup` may be slow, each round must leave all work done."""

    def setup(self, work: Work) -> None:
        """Build the workload's network with its optimizer."""

    def train(self, steps: int) -> None:
        """Take steps on batches that lie ready as float32."""

    def fit(self, steps: int) -> None:
        """Take steps from the stored 8-bit images, shuffled."""

    def infer(self, batch_size: int, calls: int) -> None:
        """Compute probabilities call by call, the result of each as a NumPy array."""

    def write(self, texts: int) -> None:
        """Write texts of the network's length, one after the other, each token the likeliest.

        What was computed for the tokens before is kept. Asked of dltrain and PyTorch alone.
        """


@dataclass(frozen=True)
class Entry:
    """A contender by name, imported in its own process alone."""

    name: str
    module: str
    options: dict[str, Any]

    def create(self) -> Contender:
        """Import the framework and make the contender."""
        contender: Contender = import_module(self.module).Runner(**self.options)
        return contender


_HERE = "tests.benchmarks"
DLTRAIN = "dltrain"
FRAMEWORKS = ("keras", "jax", "torch")
TORCH_MODES = {
    "torch": {"channels_last": False, "compiled": False},
    "torch channels_last": {"channels_last": True, "compiled": False},
    "torch compiled": {"channels_last": False, "compiled": True},
    "torch compiled channels_last": {"channels_last": True, "compiled": True},
}
_ENTRIES = (
    Entry(DLTRAIN, f"{_HERE}.with_dltrain", {}),
    Entry("keras", f"{_HERE}.with_keras", {"jit": False}),
    Entry("keras jit", f"{_HERE}.with_keras", {"jit": True}),
    Entry("jax", f"{_HERE}.with_jax", {}),
    *(Entry(name, f"{_HERE}.with_torch", mode) for name, mode in TORCH_MODES.items()),
)
ENTRIES = {
    "float32": _ENTRIES,
    "bfloat16": (
        Entry(f"{DLTRAIN} bfloat16", f"{_HERE}.with_dltrain", {"precision": "bfloat16"}),
        Entry(DLTRAIN, f"{_HERE}.with_dltrain", {}),
        *(
            Entry(f"{name} autocast", f"{_HERE}.with_torch", {**mode, "bfloat16": True})
            for name, mode in TORCH_MODES.items()
            if not mode["compiled"]
        ),
    ),
}
"""Who takes part, by precision; the first is the one that is compared with all others."""
