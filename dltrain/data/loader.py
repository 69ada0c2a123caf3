"""Batches, made ready by a thread of their own while the network works on the one before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from queue import SimpleQueue
from threading import Event, Thread
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.seeds import stream
from dltrain.core.shapes import Shape, size_of
from dltrain.data.samples import Samples
from dltrain.data.targets import form_of

_DEPTH = 3
"""Groups of batches in memory: one in use, the others ready or being filled."""
_GROUP_BYTES = 1 << 20
_GROUP_LONGEST = 32
# A step of a small network takes 50 us, and waking the thread for each would double that: small
# batches are made ready several at a time.


def loader_bytes(shape: Shape, target_shape: Shape, *, count: int, batch_size: int) -> int:
    """Give the bytes that a pass over `count` samples takes: groups, and a batch on its way."""
    batches = -(-count // batch_size)
    group = _group(batch_size, shape, batches)
    ready = min(_DEPTH, -(-batches // group)) * group
    return 4 * batch_size * (ready + 1) * (size_of(shape) + size_of(target_shape))


def _group(batch_size: int, shape: Shape, batches: int) -> int:
    """Give how many batches are made ready at a time."""
    size = 4 * batch_size * size_of(shape)
    return max(1, min(_GROUP_BYTES // size, _GROUP_LONGEST, batches))


@dataclass(frozen=True, eq=False)
class Batch:
    """Samples and their targets; valid until the next batch is asked for."""

    x: NDArray[np.float32]
    """Network input [n, ...]; of samples in buckets as many steps as the longest needs."""
    y: NDArray[Any]
    """Labels int32 (n,) or (n, height, width), or dense targets float32 (n, ...)."""
    n: int
    """How many samples: fewer in the last batch."""


@dataclass(frozen=True, eq=False)
class _Slot:
    """Memory of a group of batches, one after another."""

    x: NDArray[np.float32]
    y: NDArray[Any]


_Free = SimpleQueue[_Slot | None]
_Ready = SimpleQueue[list[Batch] | BaseException]


class Loader:
    """One pass over a split, or a part of one: every sample once, the last batch smaller.

    Order and content follow from samples, seed and epoch alone. A part begins at the sample `first`
    of the pass and has `batches` batches, which are those of the whole pass.
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
        first: int = 0,
        batches: int | None = None,
    ) -> None:
        self._samples = samples
        self._batch_size = max(1, min(batch_size, len(samples)))
        self._seed = seed
        self._epoch = epoch
        self._shuffle = shuffle
        self._augment = (seed, epoch) if augment else None
        end = len(samples) if batches is None else first + batches * self._batch_size
        self._part = slice(first, min(end, len(samples)))
        self._group = _group(self._batch_size, samples.shape, len(self))
        self.waited = 0.0
        """Seconds that the consumer has waited for batches."""

    def __len__(self) -> int:
        """Count the batches."""
        return -(-(self._part.stop - self._part.start) // self._batch_size)

    def order(self) -> NDArray[np.int64]:
        """Give the samples' indices in the order of this pass."""
        count, buckets = len(self._samples), self._samples.buckets
        generator = stream(self._seed, "order", self._epoch) if self._shuffle else None
        order = np.arange(count) if generator is None else generator.permutation(count)
        if buckets is not None:
            order = buckets.arranged(order, self._batch_size, generator)
        return order[self._part]

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches; the thread ends with the loop, however that ends."""
        free: _Free = SimpleQueue()
        ready: _Ready = SimpleQueue()
        stopped = Event()
        groups = -(-len(self) // self._group)
        slots = [self._slot() for _ in range(min(_DEPTH, groups))]
        for slot in slots:
            free.put(slot)
        thread = Thread(target=self._fill, args=(free, ready, stopped), name="loader", daemon=True)
        thread.start()
        try:
            used = cycle(slots)
            while group := self._received(ready):
                yield from group
                free.put(next(used))
        finally:
            stopped.set()
            free.put(None)
            thread.join()

    def _received(self, ready: _Ready) -> list[Batch]:
        start = perf_counter()
        group = ready.get()
        self.waited += perf_counter() - start
        if isinstance(group, BaseException):
            raise group
        return group

    def _slot(self) -> _Slot:
        samples = self._samples
        kind = np.int32 if form_of(samples.targets) == "labels" else np.float32
        size = self._group * self._batch_size
        x = np.empty((size, *samples.shape), np.float32)
        return _Slot(x, np.empty((size, *samples.target_shape), kind))

    def _fill(self, free: _Free, ready: _Ready, stopped: Event) -> None:
        """Put groups of batches, at the end an empty one, or the error that ended it."""
        batches: list[Batch] = []
        try:
            order = self.order()
            size = self._group * self._batch_size
            for start in range(0, len(order), size):
                batches = []
                slot = free.get()
                if slot is None:
                    return
                indices = order[start : start + size]
                for first in range(0, len(indices), self._batch_size):
                    if stopped.is_set():
                        return
                    batches.append(self._batch(indices, slot, first))
                ready.put(batches)
            batches = []
            ready.put(batches)
        except BaseException as error:  # noqa: BLE001  handed to the consumer, who raises it
            if batches:
                ready.put(batches)
            ready.put(error)

    def _batch(self, group: NDArray[np.int64], slot: _Slot, first: int) -> Batch:
        indices = group[first : first + self._batch_size]
        count = len(indices)
        x, y = slot.x[first : first + count], slot.y[first : first + count]
        self._samples.gather(indices, x, augment=self._augment)
        if self._samples.buckets is not None:
            x = np.ascontiguousarray(x[:, : self._samples.buckets.size(indices)])
        self._samples.gather_targets(indices, y, augment=self._augment)
        return Batch(x, y, count)
