"""Train deep networks from a YAML file, on the CPU, with kernels of its own."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dltrain.inference.model import load as load
    from dltrain.training.fit import fit as fit
    from dltrain.training.prepare import build as build

__version__ = "0.1.0"
__all__ = ["__version__", "build", "fit", "load"]

# Imported when first used: `import dltrain` and `dltrain --help` need neither NumPy nor Numba.
_HOMES = {
    "build": "dltrain.training.prepare",
    "fit": "dltrain.training.fit",
    "load": "dltrain.inference.model",
}


def __getattr__(name: str) -> Any:
    """Give `dltrain.fit`, `dltrain.load` and `dltrain.build`."""
    if name not in _HOMES:
        raise AttributeError(f"module 'dltrain' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
