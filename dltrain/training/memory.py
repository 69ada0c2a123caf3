"""How much memory this process has taken at its peak."""

from __future__ import annotations

import sys


def peak_memory() -> int:
    """Give the largest resident set so far, in bytes; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
