"""Batches, made ready by a thread of their own while the network works on the one before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event, Thread
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.seeds import stream
from dltrain.data.samples import Samples

_DEPTH = 4


@dataclass(frozen=True, eq=False)
class Batch:
    """Samples and their targets; valid until the next batch is asked for."""

    x: NDArray[np.float32]
    """Network input [n, ...]."""
    y: NDArray[Any]
    """Labels int32 (n,), or dense targets float32 (n, ...)."""
    n: int
    """How many samples: fewer in the last batch."""


@dataclass(frozen=True, eq=False)
class _Slot:
    x: NDArray[np.float32]
    y: NDArray[Any]


class Loader:
    """One pass over a split: every sample once, the last batch smaller.

    Order and content follow from samples, seed and epoch alone.
    """

    def __init__(
        self,
        samples: Samples,
        batch_size: int,
        *,
        seed: int = 0,
        epoch: int = 0,
        shuffle: bool = False,
        augment: bool = False,
    ) -> None:
        self._samples = samples
        self._batch_size = max(1, min(batch_size, len(samples)))
        self._seed = seed
        self._epoch = epoch
        self._shuffle = shuffle
        self._augment = (seed, epoch) if augment else None
        self.waited = 0.0
        """Seconds that the consumer has waited for batches."""

    def __len__(self) -> int:
        """Count the batches."""
        return -(-len(self._samples) // self._batch_size)

    def order(self) -> NDArray[np.int64]:
        """Give the samples' indices in the order of this pass."""
        if not self._shuffle:
            return np.arange(len(self._samples), dtype=np.int64)
        return stream(self._seed, "order", self._epoch).permutation(len(self._samples))

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches; the thread ends with the loop, however that ends."""
        free: SimpleQueue[_Slot | None] = SimpleQueue()
        ready: SimpleQueue[Batch | BaseException] = SimpleQueue()
        stopped = Event()
        slots = [self._slot() for _ in range(min(_DEPTH, len(self)))]
        for slot in slots:
            free.put(slot)
        thread = Thread(target=self._fill, args=(free, ready, stopped), name="loader", daemon=True)
        thread.start()
        try:
            for number in range(len(self)):
                yield self._received(ready)
                free.put(slots[number % len(slots)])
        finally:
            stopped.set()
            free.put(None)
            thread.join()

    def _received(self, ready: SimpleQueue[Batch | BaseException]) -> Batch:
        start = perf_counter()
        batch = ready.get()
        self.waited += perf_counter() - start
        if isinstance(batch, BaseException):
            raise batch
        return batch

    def _slot(self) -> _Slot:
        targets = self._samples.targets
        x = np.empty((self._batch_size, *self._samples.shape), np.float32)
        return _Slot(x, np.empty((self._batch_size, *targets.shape[1:]), targets.dtype))

    def _fill(
        self,
        free: SimpleQueue[_Slot | None],
        ready: SimpleQueue[Batch | BaseException],
        stopped: Event,
    ) -> None:
        try:
            order = self.order()
            for start in range(0, len(order), self._batch_size):
                slot = free.get()
                if slot is None or stopped.is_set():
                    return
                ready.put(self._batch(order[start : start + self._batch_size], slot))
        except BaseException as error:  # noqa: BLE001  handed to the consumer, who raises it
            ready.put(error)

    def _batch(self, indices: NDArray[np.int64], slot: _Slot) -> Batch:
        count = len(indices)
        x, y = slot.x[:count], slot.y[:count]
        self._samples.gather(indices, x, augment=self._augment)
        np.take(self._samples.targets, indices, axis=0, out=y, mode="clip")
        return Batch(x, y, count)
