"""The team of threads that carries out a program, and how many this process may use."""

from __future__ import annotations

import math
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dltrain.engine import executor
from dltrain.engine.arrays import aligned_bytes

MOST_THREADS = 1024
"""Members that a team has slots for."""
SLOT_WORDS = 16
"""Words of a member's slot: see the kernel `serve`."""
PATIENCE = 200_000
"""Looks that a member takes before it sleeps, about a tenth of a millisecond."""


def available() -> int:
    """Count the CPUs this process may use: its affinity, and its share under a cgroup's limit."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity
        count = os.cpu_count() or 1
    limit = _cgroup_limit()
    return max(1, min(count, math.ceil(limit)) if limit else count)


def _cgroup_limit(root: Path = Path("/sys/fs/cgroup")) -> float | None:
    try:
        quota, period = (root / "cpu.max").read_text().split()[:2]
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        pass
    try:
        allowed = int((root / "cpu/cpu.cfs_quota_us").read_text())
        period_us = int((root / "cpu/cpu.cfs_period_us").read_text())
        return allowed / period_us if allowed > 0 else None
    except (OSError, ValueError):
        return None


@dataclass(frozen=True)
class Job:
    """What each thread of a team does in one run: the compiled loop, by the words it reads."""

    run: Callable[[int, int, int, int, int], None]
    words: int
    """Address of the loop's words."""
    held: tuple[object, ...] = ()
    """Arrays that a thread reads on its way out of the last barrier, which it may leave when the
    program is gone already."""

    def __call__(self, thread: int) -> None:
        """Do one thread's part."""
        self.run(self.words, 0, 0, 0, thread)


class Team:
    """Threads that wait for jobs. A job is done once on each thread, with the thread's number.

    Jobs must not return before all threads have taken part: a program's last barrier sees to that,
    so the team itself never waits for its members. One job runs at a time, whoever asks.
    """

    def __init__(self) -> None:
        """Start with the calling thread alone; members come as jobs ask for them."""
        self._slots = aligned_bytes(MOST_THREADS * SLOT_WORDS * 8).view(np.int64)
        self._asleep = self._slots[2::SLOT_WORDS]
        self._wake: list[threading.Semaphore] = []
        self._posting = np.array([self._slots.ctypes.data, 0], np.int64)
        self._busy = threading.Lock()
        self._held: list[deque[Job]] = []

    def run(self, job: Job, threads: int) -> None:
        """Do the job here as thread 0, and on the other threads."""
        with self._busy:
            while len(self._wake) < threads - 1:
                self._hire()
            for held in self._held[: threads - 1]:
                held.append(job)
            self._posting[1] = job.words
            executor.kernel("post")(self._posting.ctypes.data, 0, threads - 1, 0, 0)
            for member in range(threads - 1):
                if self._asleep[member]:
                    self._wake[member].release()
            job(0)

    def _hire(self) -> None:
        number = len(self._wake)
        executor.kernel("serve")  # linked here, while nobody waits
        self._wake.append(threading.Semaphore(0))
        # A member has left a job for good when it takes part in the next one.
        self._held.append(deque(maxlen=2))
        self._asleep[number] = 1
        name = f"dltrain-{number + 1}"
        threading.Thread(target=self._serve, args=(number,), name=name, daemon=True).start()

    def _serve(self, number: int) -> None:
        wake, serve = self._wake[number], executor.kernel("serve")
        slot = self._slots[number * SLOT_WORDS :].ctypes.data
        words = np.array([slot, executor.address("execute"), PATIENCE], np.int64)
        while True:
            wake.acquire()
            serve(words.ctypes.data, 0, 0, 0, number + 1)


_shared: list[Team] = []


def shared_team() -> Team:
    """Give the team of this process, which all programs use: threads are made once."""
    if not _shared:
        _shared.append(Team())
        # A child made by fork has none of these threads; it makes its own.
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_shared.clear)
    return _shared[0]
