"""Vectors of float32 in LLVM's hands: what the hand-laid inner loops are written with."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils

F32, F64, I32, I64 = ir.FloatType(), ir.DoubleType(), ir.IntType(32), ir.IntType(64)


class VectorBuilder:
    """An LLVM builder that thinks in vectors of `width` float32 numbers."""

    def __init__(self, builder: Any, width: int) -> None:
        """Write through an LLVM builder."""
        self.builder, self.width = builder, width
        self.vector = ir.VectorType(F32, width)
        self.zero = ir.Constant(self.vector, [0.0] * width)
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        self._fma = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{width}f32")

    def const(self, value: int) -> Any:
        """Give a 64-bit integer."""
        return ir.Constant(I64, value)

    def block(self, name: str) -> Any:
        """Append a basic block."""
        return self.builder.append_basic_block(name)

    def pointer(self, address: Any) -> Any:
        """Turn an address in bytes into a pointer to float32."""
        return self.builder.inttoptr(address, F32.as_pointer())

    def at(self, pointer: Any, offset: Any) -> Any:
        """Move a pointer by elements."""
        offset = self.const(offset) if isinstance(offset, int) else offset
        return self.builder.gep(pointer, [offset])

    def load(self, pointer: Any, offset: Any = 0) -> Any:
        """Read a vector, wherever it lies."""
        place = self.builder.bitcast(self.at(pointer, offset), self.vector.as_pointer())
        value = self.builder.load(place)
        value.align = 4
        return value

    def store(self, value: Any, pointer: Any, offset: Any = 0, mask: Any = None) -> None:
        """Write a vector, or the numbers of it that a mask lets through."""
        place = self.builder.bitcast(self.at(pointer, offset), self.vector.as_pointer())
        if mask is None:
            self.builder.store(value, place).align = 4
        else:
            self.store_masked(value, place, mask)

    def store_masked(self, value: Any, place: Any, mask: Any) -> None:
        """Write the elements of a vector that a mask lets through."""
        element = value.type.element
        size, letter = (4, "f") if element == F32 else (element.width // 8, "i")
        kind = ir.FunctionType(ir.VoidType(), [value.type, place.type, I32, mask.type])
        name = f"llvm.masked.store.v{self.width}{letter}{8 * size}.p0"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        self.builder.call(function, [value, place, ir.Constant(I32, size), mask])

    def mask(self, count: Any) -> Any:
        """Let the first `count` numbers of a vector through."""
        lanes = ir.VectorType(I32, self.width)
        counts = self.splat(self.builder.trunc(count, I32), lanes)
        numbers = ir.Constant(lanes, list(range(self.width)))
        return self.builder.icmp_signed("<", numbers, counts)

    def splat(self, element: Any, kind: Any = None) -> Any:
        """Repeat a number over a vector."""
        kind = self.vector if kind is None else kind
        undefined = ir.Constant(kind, ir.Undefined)
        one = self.builder.insert_element(undefined, element, ir.Constant(I32, 0))
        zeros = ir.Constant(ir.VectorType(I32, self.width), [0] * self.width)
        return self.builder.shuffle_vector(one, undefined, zeros)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """Compute a * b + c, rounded once."""
        return self.builder.call(self._fma, [a, b, c])

    def prefetch(self, pointer: Any) -> None:
        """Ask for the cache line at a pointer, which may lie behind an array."""
        place = self.builder.bitcast(pointer, ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [place.type, I32, I32, I32])
        function = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0")
        reads, near, data = (ir.Constant(I32, value) for value in (0, 3, 1))
        self.builder.call(function, [place, reads, near, data])

    def keep_rolled(self, branch: Any) -> None:
        """Keep LLVM from unrolling a loop: unrolled, its accumulators no longer fit registers."""
        module = self.builder.module
        disable = module.add_metadata([ir.MetaDataString(module, "llvm.loop.unroll.disable")])
        loop = ir.MDValue(module, [disable], name=str(len(module.metadata)))
        loop.operands = (loop, disable)
        branch.set_metadata("llvm.loop", loop)
