"""A process for each contender, so that none shares memory or threads with another."""

from __future__ import annotations

import gzip
import multiprocessing
import resource
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.contender import Contender, Entry, Work
from tests.benchmarks.workloads import Workload


class Worker:
    """Starts the process, and has it do one thing at a time."""

    def __init__(self, entry: Entry, workload: Workload, data: Path | None, threads: int) -> None:
        """Start the process and wait until its network is built."""
        # Spawned: a forked child would hold the parent's memory.
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        arguments = (other, entry, workload, data, threads)
        self._process = context.Process(target=serve, args=arguments, daemon=True)
        self._process.start()
        other.close()
        self._answer()

    def seconds(self, method: str, *arguments: Any) -> float:
        """Call a method of the contender; give the time it took."""
        return float(self._ask(method, *arguments))

    def memory(self) -> int:
        """Give the peak of the process's memory in bytes."""
        return int(self._ask("memory"))

    def stop(self) -> None:
        """End the process."""
        self._connection.send(None)
        self._process.join()

    def _ask(self, *message: Any) -> Any:
        self._connection.send(message)
        return self._answer()

    def _answer(self) -> Any:
        try:
            return self._connection.recv()
        except EOFError:
            sys.exit("a contender's process ended: its error stands above")


def serve(
    connection: Connection, entry: Entry, workload: Workload, data: Path | None, threads: int
) -> None:
    """Build the contender, then do what comes through the pipe."""
    contender = entry.create()
    stored = read_mnist(data) if workload.stored and data else _nothing()
    contender.setup(Work(workload, threads, *stored))
    connection.send(None)
    while (message := connection.recv()) is not None:
        connection.send(_carry_out(contender, *message))


def _carry_out(contender: Contender, method: str, *arguments: Any) -> float:
    if method == "memory":
        return peak_memory()
    run: Callable[..., None] = getattr(contender, method)
    start = perf_counter()
    run(*arguments)
    return perf_counter() - start


def _nothing() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    return np.empty((0, 28, 28, 1), np.uint8), np.empty(0, np.uint8)


def peak_memory() -> int:
    """Read the peak of this process's memory in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage, which on Linux begins with the peak of the process that started this one.
        lines = status.read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def read_mnist(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read the training images (n, 28, 28, 1) and labels (n,) from their IDX files."""
    images = gzip.decompress((folder / "train-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((folder / "train-labels-idx1-ubyte.gz").read_bytes())
    # Writable copies: PyTorch warns of arrays that are not.
    x = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28, 1).copy()
    return x, np.frombuffer(labels, np.uint8, offset=8).copy()
