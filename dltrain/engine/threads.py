"""The team of threads that carries out a program, and how many this process may use."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable
from pathlib import Path

Job = Callable[[int], None]


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


class Team:
    """Threads that wait for jobs. A job is called once on each thread, with the thread's number.

    Jobs must not return before all threads have taken part: a program's last barrier sees to that,
    so the team itself never waits for its members. One job runs at a time, whoever asks.
    """

    def __init__(self) -> None:
        """Start with the calling thread alone; members come as jobs ask for them."""
        self._wake: list[threading.Semaphore] = []
        self._jobs: list[Job] = []
        self._busy = threading.Lock()

    def run(self, job: Job, threads: int) -> None:
        """Call job(0) here and job(1) ... on the other threads."""
        with self._busy:
            while len(self._wake) < threads - 1:
                self._hire()
            for member in range(threads - 1):
                self._jobs[member] = job
                self._wake[member].release()
            job(0)

    def _hire(self) -> None:
        number = len(self._wake)
        semaphore = threading.Semaphore(0)
        self._wake.append(semaphore)
        self._jobs.append(_idle)
        name = f"dltrain-{number + 1}"
        threading.Thread(target=self._serve, args=(number,), name=name, daemon=True).start()

    def _serve(self, number: int) -> None:
        wake = self._wake[number]
        while True:
            wake.acquire()
            self._jobs[number](number + 1)


_shared: list[Team] = []


def shared_team() -> Team:
    """Give the team of this process, which all programs use: threads are made once."""
    if not _shared:
        _shared.append(Team())
        # A child made by fork has none of these threads; it makes its own.
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_shared.clear)
    return _shared[0]


def _idle(thread: int) -> None:
    """Do nothing: the job of a thread that has none yet."""
