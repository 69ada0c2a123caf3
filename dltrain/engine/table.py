"""Rows as numbers: kernel addresses and argument blocks that point into real memory."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from dltrain.core.lowering import Buffer, Home, Row
from dltrain.engine.arrays import SLACK, aligned_bytes, rounded
from dltrain.engine.memory import MemoryPlan

Compiled = Callable[[int, int, str], None]
"""Called with kernels done, kernels in all and a kernel's name while a program is made."""


@dataclass
class Storage:
    """The arrays behind a memory plan, and the arrays that programs share."""

    plan: MemoryPlan
    threads: int
    lanes: int
    lane_size: int
    fixed: dict[int, NDArray[np.generic]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take the memory."""
        self.thread_arena = aligned_bytes(self.plan.thread_stride * self.threads)
        self.batch_arena = aligned_bytes(self.plan.batch_bytes)
        self.lane_arena = aligned_bytes(self.plan.lane_bytes * self.lanes)

    def hold(self, buffer: Buffer, array: NDArray[np.generic]) -> None:
        """Use an array as the memory of a FIXED buffer."""
        self.fixed[id(buffer)] = array

    def hold_others(self, rows: Sequence[Row]) -> None:
        """Take the memory of all FIXED buffers of rows that have none yet.

        It is one piece because the system gives large pages to large pieces only, and kernels read
        prepared weights from those at up to twice the speed.
        """
        roots = {id(each.root): each.root for row in rows for each in (*row.reads, *row.writes)}
        others = [
            root
            for root in roots.values()
            if root.home is Home.FIXED and id(root) not in self.fixed
        ]
        ends = list(accumulate(rounded(root.size * root.width) + SLACK for root in others))
        piece = aligned_bytes(ends[-1] if ends else 0)
        for root, start in zip(others, [0, *ends], strict=False):
            self.hold(root, piece[start : start + root.size * root.width])

    def operand(self, buffer: Buffer) -> tuple[int, int, int, int]:
        """Give address and strides per sample, lane and thread, in bytes."""
        root = buffer.root
        if root.home is Home.FIXED:
            return self.fixed[id(root)].ctypes.data, 0, 0, 0
        if root.home is Home.LANE:
            offset = self.plan.lane_places[id(root)]
            return self.lane_arena.ctypes.data + offset, 0, self.plan.lane_bytes, 0
        if root in self.plan.batch_external:
            return 0, root.size * root.width, 0, 0
        place = self.plan.places[id(root)]
        if place.scope == "batch":
            return self.batch_arena.ctypes.data + place.offset, place.sample_stride, 0, 0
        # A thread holds one lane at a time: sample n of lane l lies at n - l * lane_size.
        back = -place.sample_stride * self.lane_size
        address = self.thread_arena.ctypes.data + place.offset
        return address, place.sample_stride, back, self.plan.thread_stride

    def array(self, buffer: Buffer, batch: int) -> NDArray[np.float32]:
        """Give a batch-wide buffer's values as an array (batch, *shape)."""
        start = self.plan.places[id(buffer.root)].offset
        size = buffer.size * 4 * batch
        return self.batch_arena[start : start + size].view(np.float32).reshape(batch, *buffer.shape)

    def lane_totals(self, buffer: Buffer) -> NDArray[np.float64]:
        """Give a total's values [lanes, count]."""
        offset = self.plan.lane_places[id(buffer)]
        strides = (self.plan.lane_bytes, buffer.width)
        shape = (self.lanes, buffer.size)
        return np.ndarray(shape, np.float64, self.lane_arena.data, offset, strides)


class Table:
    """Argument blocks of rows, one after another in one array."""

    def __init__(self, rows: Sequence[Row], storage: Storage) -> None:
        """Pack every row's operands, sizes and numbers."""
        blocks = [_block(row, storage) for row in rows]
        starts = np.cumsum([0, *(len(block) for block in blocks)])
        self.arguments = np.array([word for block in blocks for word in block] or [0], np.int64)
        self.rows = np.zeros((max(len(rows), 1), 2), np.int64)
        self.rows[: len(rows), 1] = self.arguments.ctypes.data + 8 * starts[:-1]
        self._external: dict[int, NDArray[np.int64]] = {}
        for buffer in storage.plan.batch_external:
            places = [
                int(start) + 4 * index
                for row, start in zip(rows, starts, strict=False)
                for index, operand in enumerate((*row.reads, *row.writes))
                if operand.root is buffer
            ]
            self._external[id(buffer)] = np.array(places, np.int64)

    def point(self, buffer: Buffer, address: int) -> None:
        """Let all rows read an outside array that begins at an address."""
        self.arguments[self._external[id(buffer)]] = address

    def resolve(self, rows: Sequence[Row], on_compile: Compiled | None) -> None:
        """Fill in kernel addresses, compiling what the cache does not hold."""
        from dltrain.kernels import kernel

        wanted = list(dict.fromkeys((row.kernel, row.variant) for row in rows))
        addresses = {}
        for done, (name, variant) in enumerate(wanted):
            if on_compile is not None and not kernel.is_ready(name, variant):
                on_compile(done, len(wanted), name)
            addresses[name, variant] = kernel.address_of(name, variant)
        if on_compile is not None:
            on_compile(len(wanted), len(wanted), "")
        for index, row in enumerate(rows):
            self.rows[index, 0] = addresses[row.kernel, row.variant]


def _block(row: Row, storage: Storage) -> list[int]:
    words = [word for buffer in (*row.reads, *row.writes) for word in storage.operand(buffer)]
    bits = [struct.unpack("<q", struct.pack("<d", number))[0] for number in row.numbers]
    return [*words, *row.sizes, *bits]
