"""Whether a training fits into memory, asked before any is taken."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")


def available_memory(cgroup: Path = _CGROUP) -> int | None:
    """Give the bytes that this process may still take; None where the system does not tell."""
    limits = [limit for limit in (_free(), _cgroup_room(cgroup)) if limit is not None]
    return min(limits, default=None)


def _free(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """Read what Linux calls available; elsewhere all of the physical memory."""
    try:
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _cgroup_room(root: Path) -> int | None:
    """Give a cgroup's memory limit less what its processes hold (version 2, then 1)."""
    names = (
        ("memory.max", "memory.current"),
        (
            "memory/memory.limit_in_bytes",
            "memory/memory.usage_in_bytes",
        ),
    )
    for limit, used in names:
        try:
            text = (root / limit).read_text().strip()
            if text != "max":
                return max(0, int(text) - int((root / used).read_text()))
        except (OSError, ValueError):
            continue
    return None


def largest_batch(need: Callable[[int], int], available: int, wanted: int) -> int:
    """Find the largest batch below `wanted` whose need fits; 0 where not even one sample does."""
    low, high = 0, wanted
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if need(middle) <= available else (low, middle)
    return low
