"""Small data in place of those that the example configs name and that are fetched first."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Overrides = dict[str, str]


def stand_in(config: str, folder: Path) -> Overrides:
    """Write small data for a config that does not name bundled ones; give what changes in it."""
    made = (write for name, write in _BY_CONFIG.items() if config.startswith(name))
    return next(made, lambda folder: {})(folder)


def small_mnist(folder: Path) -> Overrides:
    """Write a few random images under the names of MNIST's files."""
    generator = np.random.default_rng(0)
    for name, count in (("train", 200), ("t10k", 40)):
        images = generator.integers(0, 256, (count, 28, 28), np.uint8)
        _write_idx(folder / f"{name}-images-idx3-ubyte.gz", images)
        _write_idx(folder / f"{name}-labels-idx1-ubyte.gz", np.arange(count, dtype=np.uint8) % 10)
    return {"dataset.path": str(folder)}


def small_cifar10(folder: Path) -> Overrides:
    """Write a few random images under the names of CIFAR-10's files."""
    generator = np.random.default_rng(0)
    for name, count in (("data_batch_1", 200), ("test_batch", 40)):
        records = generator.integers(0, 256, (count, 1 + 3 * 32 * 32), np.uint8)
        records[:, 0] = np.arange(count) % 10
        (folder / f"{name}.bin").write_bytes(records.tobytes())
    return {"dataset.path": str(folder)}


def small_text(folder: Path) -> Overrides:
    """Write a short text."""
    path = folder / "text.txt"
    path.write_text("What is a day? A night that has seen the sun.\n" * 60)
    return {"dataset.path": str(path)}


def small_sentences(folder: Path) -> Overrides:
    """Write a few sentences with labels."""
    path = folder / "sentences.tsv"
    path.write_text("a fine , moving film\t1\nit is dull\t0\n" * 40)
    return {f"dataset.{name}": str(path) for name in ("path", "validation_path", "test_path")}


def _write_idx(path: Path, array: NDArray[np.uint8]) -> None:
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes()))


_BY_CONFIG: dict[str, Callable[[Path], Overrides]] = {
    "cifar10": small_cifar10,
    "fashion": small_mnist,
    "mnist": small_mnist,
    "shakespeare": small_text,
    "sst2": small_sentences,
}
