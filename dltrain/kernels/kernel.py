"""The decorator that makes a kernel, and the compiler behind it: the only file that names Numba's.

A kernel is `run(args, first, last, lane, thread)`: it works on samples [first, last) of a lane. A
factory closes over integers only, so that Numba's disk cache finds each variant again. Kernels cannot
fail: no exceptions, no allocation; what they are given was checked when the table was made.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from threading import Lock
from typing import Any

import numba
from numba import cfunc, njit, types

from dltrain.kernels import cache

SIGNATURE = types.void(types.CPointer(types.int64), *[types.int64] * 4)
FLAGS = {"contract", "reassoc"}
"""What the compiler may do to sums and products. Never nnan or ninf: NaN must survive."""

Factory = Callable[..., Callable[..., None]]

_factories: dict[str, Factory] = {}
_compiled: dict[tuple[str, tuple[int, ...]], Any] = {}
_lock = Lock()


def kernel(factory: Factory) -> Factory:
    """Register a factory under its name. Its arguments, all integers, are the kernel's variant."""
    _factories[factory.__name__] = factory
    return factory


def device(function: Callable[..., Any]) -> Any:
    """Make a function that kernels call; it is compiled into each of them."""
    options = {"fastmath": FLAGS, "error_model": "numpy", "nogil": True}
    # LLVM gives up inlining long functions, and then loops over them do not vectorize.
    return njit(forceinline=True, **options)(function)


def names() -> tuple[str, ...]:
    """Name every kernel."""
    _load_all()
    return tuple(sorted(_factories))


def is_compiled(name: str, variant: tuple[int, ...]) -> bool:
    """Tell whether this process has the variant already."""
    return (name, variant) in _compiled


def address_of(name: str, variant: tuple[int, ...]) -> int:
    """Give the address of a kernel's variant, compiled or read from the cache."""
    key = (name, variant)
    with _lock:
        if key not in _compiled:
            _compiled[key] = _compile(name, variant)
        address: int = _compiled[key].address
        return address


def was_cached(name: str, variant: tuple[int, ...]) -> bool:
    """Tell whether a compiled variant came from the disk cache."""
    return bool(_compiled[name, variant].cache_hits)


def compile_cached(signature: Any, function: Callable[..., Any]) -> Any:
    """Compile a plain function (not a kernel) under the same cache and flags."""
    options = {"nogil": True, "fastmath": FLAGS, "error_model": "numpy"}
    return _with_cache(lambda kept: njit(signature, cache=kept, **options)(function))


def _compile(name: str, variant: tuple[int, ...]) -> Any:
    _load_all()
    function = _factories[name](*variant)
    # Numba numbers cache files per factory; a name of its own keeps variants apart.
    suffix = "x".join(map(str, variant)).replace("-", "m")
    function.__name__ = function.__qualname__ = f"{name}_{suffix}" if suffix else name
    options = {"fastmath": FLAGS, "error_model": "numpy"}
    return _with_cache(lambda kept: cfunc(SIGNATURE, cache=kept, **options)(function))


def _with_cache(build: Callable[[bool], Any]) -> Any:
    if not cache.writable():
        _warn_once()
        return build(False)
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(cache.folder())
    try:
        with cache.locked():
            return build(True)
    finally:
        numba.config.CACHE_DIR = before


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
