"""What makes a function a kernel, and where the engine gets a kernel's address.

A kernel is `run(args, first, last, lane, thread)`: it works on samples [first, last) of a lane. It
is made by a factory that closes over integers, such as its variant, and device functions only.
Kernels cannot fail: no exceptions, no allocation; what they are given was checked when the table
was made.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from threading import Lock
from typing import Any

from dltrain.kernels import cache, objects
from dltrain.kernels.objects import CompiledKernel, Linker

Variant = tuple[int, ...]
Factory = Callable[..., Callable[..., None]]

_factories: dict[str, Factory] = {}
_addresses: dict[tuple[str, Variant], int] = {}
_linkers: list[Linker] = []
_lock = Lock()


def kernel(factory: Factory) -> Factory:
    """Register a factory under its name. Its arguments, all integers, are the kernel's variant."""
    register(factory.__name__, factory)
    return factory


def register(name: str, factory: Factory) -> None:
    """Register a factory under a name that is not its own."""
    _factories[name] = factory


def device(function: Callable[..., Any]) -> Any:
    """Make a function that kernels call; it is compiled into each of them."""
    from numba import njit

    options = {"fastmath": objects.FLAGS, "error_model": "numpy", "nogil": True}
    # LLVM gives up inlining long functions, and then loops over them do not vectorize.
    return njit(forceinline=True, **options)(function)


def names() -> tuple[str, ...]:
    """Name every kernel."""
    _load_all()
    return tuple(sorted(_factories))


def is_ready(name: str, variant: Variant) -> bool:
    """Tell whether a kernel's variant need not be compiled: it is linked, or in the cache."""
    return (name, variant) in _addresses or objects.path_of(_stem(name, variant)).exists()


def address_of(name: str, variant: Variant) -> int:
    """Give the address of a kernel's variant, from the cache or compiled."""
    key = (name, variant)
    with _lock:
        if key not in _addresses:
            if not _linkers:
                _linkers.append(Linker())
            _addresses[key] = _linkers[0].link(_object(name, variant))
        return _addresses[key]


def _object(name: str, variant: Variant) -> CompiledKernel:
    stem = _stem(name, variant)
    kept = objects.read(stem)
    if kept is not None:
        return kept
    if not cache.writable():
        _warn_once()
        return _compile(name, variant)
    with cache.locked():
        # Another process may have compiled it while this one waited.
        compiled = objects.read(stem) or _compile(name, variant)
        objects.write(stem, compiled)
        return compiled


def _compile(name: str, variant: Variant) -> CompiledKernel:
    _load_all()
    return objects.compile_function(_stem(name, variant), _factories[name](*variant))


def _stem(name: str, variant: Variant) -> str:
    suffix = "x".join(map(str, variant)).replace("-", "m")
    return f"{name}_{suffix}" if suffix else name


_warned: list[bool] = []


def _warn_once() -> None:
    if not _warned:
        _warned.append(True)
        warnings.warn(
            f"the kernel cache {cache.folder()} is not writable: kernels are compiled in every "
            "process; set DLTRAIN_CACHE_DIR to a folder that is",
            RuntimeWarning,
            stacklevel=4,
        )


def _load_all() -> None:
    package = import_module("dltrain.kernels")
    for module in iter_modules(package.__path__):
        import_module(f"dltrain.kernels.{module.name}")
