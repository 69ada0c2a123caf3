"""Machine code of kernels: compiled by Numba once, kept as object files, linked without Numba.

A process that finds all its kernels in the cache never imports Numba: it starts in a third of the
time and takes half the memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from dltrain.kernels import cache

FLAGS = {"contract", "reassoc"}
"""What the compiler may do to sums and products. Never nnan or ninf: NaN must survive."""
RAISES = b"numba_gil_ensure"
"""A symbol in the code of a function that can raise an exception; a kernel's has none."""


@dataclass(frozen=True)
class CompiledKernel:
    """The object code of one kernel, and the name of its function in there."""

    symbol: str
    code: bytes

    def pack(self) -> bytes:
        """Write name and code with a checksum in front, so that damage is noticed."""
        body = self.symbol.encode() + b"\n" + self.code
        return sha256(body).hexdigest().encode() + b"\n" + body

    @classmethod
    def unpack(cls, content: bytes) -> CompiledKernel | None:
        """Read what `pack` wrote; None where it is damaged."""
        digest, _, body = content.partition(b"\n")
        if sha256(body).hexdigest().encode() != digest:
            return None
        symbol, _, code = body.partition(b"\n")
        return cls(symbol.decode(), code)


def path_of(stem: str) -> Path:
    """Give the file that keeps a kernel."""
    return cache.folder() / f"{stem}.kernel"


def read(stem: str) -> CompiledKernel | None:
    """Give a kernel from the cache; None where it is not there, or damaged."""
    try:
        return CompiledKernel.unpack(path_of(stem).read_bytes())
    except OSError:
        return None


def write(stem: str, compiled: CompiledKernel) -> None:
    """Keep a kernel, whole or not at all; a full disk only means that it is not kept."""
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=cache.folder(), delete=False) as file:
            temporary = Path(file.name)
            file.write(compiled.pack())
        temporary.replace(path_of(stem))
    except OSError:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def compile_function(name: str, function: Callable[..., None]) -> CompiledKernel:
    """Compile a kernel's Python function to object code."""
    from numba import cfunc, types

    signature = types.void(types.CPointer(types.int64), *[types.int64] * 4)
    function.__name__ = function.__qualname__ = name
    compiled = cfunc(signature, fastmath=FLAGS, error_model="numpy")(function)
    code: bytes = compiled._library._get_compiled_object()  # Numba has no other way
    if RAISES in code:
        raise RuntimeError(f"the kernel {name} can raise an exception, which nobody would see")
    return CompiledKernel(compiled._wrapper_name, code)


class Linker:
    """Puts object code into this process's memory."""

    def __init__(self) -> None:
        """Start an empty engine for this CPU."""
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        machine = llvm.Target.from_default_triple().create_target_machine()
        self._llvm: Any = llvm
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        self._kept: list[Any] = []

    def link(self, compiled: CompiledKernel) -> int:
        """Give the address of a kernel's function."""
        linked = self._llvm.ObjectFileRef.from_data(compiled.code)
        self._engine.add_object_file(linked)
        self._engine.finalize_object()
        self._kept.append(linked)
        address: int = self._engine.get_function_address(compiled.symbol)
        return address
