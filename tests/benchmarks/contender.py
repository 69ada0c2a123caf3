"""What takes part in a benchmark: the same network and work, in one framework and mode."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

BATCH_SIZE = 64
CLASSES = 10


@dataclass(frozen=True)
class Work:
    """How much is done in one round, and with what."""

    images: NDArray[np.uint8]
    """MNIST's training images (n, 28, 28, 1)."""
    labels: NDArray[np.uint8]
    threads: int
    steps: int
    """Training steps of a round, and calls of an inference round with a whole batch."""

    @property
    def fit_steps(self) -> int:
        """Steps of a round that trains from stored images: a call of `fit` takes time to begin."""
        return 4 * self.steps

    def batches(self) -> list[tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """Give the batches of a round, ready as the network sees them."""
        size = self.steps * BATCH_SIZE
        x = self.images[:size].astype(np.float32) / 255
        y = self.labels[:size].astype(np.int64)
        cuts = range(BATCH_SIZE, size, BATCH_SIZE)
        return list(zip(np.split(x, cuts), np.split(y, cuts), strict=True))


class Contender(Protocol):
    """Lives in a process of its own; `setup` may be slow, each round must leave all work done."""

    def setup(self, work: Work) -> None:
        """Build the network of `configs/mnist_cnn.yaml` with Adam."""

    def train_round(self) -> int:
        """Take the steps on batches that lie ready as float32; give the number of images."""

    def fit_round(self) -> int:
        """Take `fit_steps` from the stored 8-bit images, shuffled; give the number of images."""

    def infer_round(self, batch_size: int) -> int:
        """Compute probabilities call by call; give the number of images."""


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
ENTRIES = (
    Entry(DLTRAIN, f"{_HERE}.with_dltrain", {}),
    Entry("keras", f"{_HERE}.with_keras", {"jit": False}),
    Entry("keras jit", f"{_HERE}.with_keras", {"jit": True}),
    Entry("torch", f"{_HERE}.with_torch", {"channels_last": False, "compiled": False}),
    Entry("torch channels_last", f"{_HERE}.with_torch", {"channels_last": True, "compiled": False}),
    Entry("torch compiled", f"{_HERE}.with_torch", {"channels_last": False, "compiled": True}),
)
