"""Where compiled kernels are kept between processes, and when a kept one is stale.

A kernel's machine code depends on more than its own source: on the functions and constants that it
uses, on Numba and on the processor. So the folder's name is a hash of all of that, and nothing in
it is ever stale.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import llvmlite.binding as llvm


def fingerprint() -> str:
    """Hash the kernel sources, the compilers' versions and the CPU's features."""
    digest = sha256()
    here = Path(__file__).parent
    # Kernels read the cells by their numbers, so those are compiled in too.
    for source in [*sorted(here.glob("*.py")), here.parent / "core" / "cells.py"]:
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    features = llvm.get_host_cpu_features().flatten()
    facts = [platform.machine(), sys.platform, llvm.get_host_cpu_name(), features, sys.version]
    facts += [version(package) for package in ("numba", "llvmlite", "numpy")]
    digest.update("\0".join(facts).encode())
    return digest.hexdigest()[:20]


@cache
def folder() -> Path:
    """Give the folder for kernels compiled by this version on this CPU; it may not exist yet."""
    from platformdirs import user_cache_path

    chosen = os.environ.get("DLTRAIN_CACHE_DIR")
    root = Path(chosen) if chosen else user_cache_path("dltrain", appauthor=False)
    return root / "kernels" / fingerprint()


@cache
def writable() -> bool:
    """Tell whether compiled kernels can be kept; create the folder if need be."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder()):
            return True
    except OSError:
        return False


@contextmanager
def locked() -> Iterator[None]:
    """Let one process at a time compile into the folder; the others then find its work."""
    try:
        import fcntl
    except ImportError:  # Windows: two processes may compile the same kernel twice
        yield
        return
    with (folder() / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
