"""What a run ran on, for whoever compares two of them."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from dltrain import __version__

_PACKAGES = ("numpy", "numba", "llvmlite", "pydantic", "safetensors", "pillow")


def describe(*, threads: int, seed: int, fingerprint: str) -> dict[str, Any]:
    """Give the content of environment.json."""
    return {
        "dltrain": __version__,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "system": platform.platform(),
        "cpu": _cpu_name(),
        "cpus": os.cpu_count(),
        "threads": threads,
        "seed": seed,
        "dataset_fingerprint": fingerprint,
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
