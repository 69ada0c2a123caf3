"""Vectors of float32 as values in kernels: loads, arithmetic and stores of a chosen width.

A kernel that keeps numbers of neighbouring channels in registers over many pixels is written with
these, since LLVM would not see through its loops. `width` is always a literal integer. A load may
read past the last number that counts, up to one vector: every buffer has that slack.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.datamodel import PrimitiveModel, register_default
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import intrinsic

from dltrain.kernels.vectors import F32, F64, VectorBuilder


class Vector(types.Type):
    """The type of a vector of `width` float32 numbers."""

    def __init__(self, width: int) -> None:
        """Name the type."""
        self.width = width
        super().__init__(name=f"Vector{width}")


@register_default(Vector)
class VectorModel(PrimitiveModel):
    """A vector as LLVM holds it."""

    def __init__(self, manager: Any, kind: Vector) -> None:
        """Describe the type to Numba."""
        super().__init__(manager, kind, ir.VectorType(F32, kind.width))


def _operator(function: Any, instruction: str) -> None:
    """Let an operator of Python work on two vectors."""

    class Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            a, b = args if len(args) == 2 else (None, None)
            return a(a, b) if isinstance(a, Vector) and a == b else None

    infer_global(function)(Template)

    def lower(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return getattr(builder, instruction)(*args)

    lower_builtin(function, Vector, Vector)(lower)


_operator(operator.add, "fadd")
_operator(operator.sub, "fsub")
_operator(operator.mul, "fmul")


@intrinsic(prefer_literal=True)
def load(typing_context, width, address):  # type: ignore[no-untyped-def]
    """Read a vector at an address in bytes."""
    count = width.literal_value

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        vectors = VectorBuilder(builder, count)
        return vectors.load(vectors.pointer(args[1]))

    return Vector(count)(width, types.int64), codegen


@intrinsic(prefer_literal=True)
def splat(typing_context, width, number):  # type: ignore[no-untyped-def]
    """Repeat a float32 number over a vector."""
    count = width.literal_value

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return VectorBuilder(builder, count).splat(args[1])

    return Vector(count)(width, types.float32), codegen


@intrinsic
def store(typing_context, address, vector):  # type: ignore[no-untyped-def]
    """Write a vector to an address in bytes."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        vectors = VectorBuilder(builder, signature.args[1].width)
        vectors.store(args[1], vectors.pointer(args[0]))
        return context.get_dummy_value()

    return types.void(types.int64, vector), codegen


@intrinsic
def store_first(typing_context, address, vector, count):  # type: ignore[no-untyped-def]
    """Write the first `count` numbers of a vector to an address in bytes."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        vectors = VectorBuilder(builder, signature.args[1].width)
        vectors.store(args[1], vectors.pointer(args[0]), 0, vectors.mask(args[2]))
        return context.get_dummy_value()

    return types.void(types.int64, vector, types.int64), codegen


@intrinsic
def fma(typing_context, a, b, c):  # type: ignore[no-untyped-def]
    """Compute a * b + c, rounded once."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return VectorBuilder(builder, signature.args[0].width).fma(*args)

    return a(a, a, a), codegen


@intrinsic
def where_less(typing_context, a, b, chosen, other):  # type: ignore[no-untyped-def]
    """Give numbers of `chosen` where a < b, of `other` elsewhere and where either is NaN."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.select(builder.fcmp_ordered("<", args[0], args[1]), args[2], args[3])

    return a(a, a, a, a), codegen


@intrinsic
def highest(typing_context, vector):  # type: ignore[no-untyped-def]
    """Give the largest number of a vector without NaN."""
    count = vector.width

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        value, half = args[0], count // 2
        while half:
            order = [(k + half) % count for k in range(count)]
            places = ir.Constant(ir.VectorType(ir.IntType(32), count), order)
            other = builder.shuffle_vector(value, value, places)
            value = builder.select(builder.fcmp_ordered("<", value, other), other, value)
            half //= 2
        return builder.extract_element(value, ir.Constant(ir.IntType(32), 0))

    return types.float32(vector), codegen


@intrinsic
def add_wide(typing_context, address, vector):  # type: ignore[no-untyped-def]
    """Add a vector to the float64 numbers at an address in bytes."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        wide = ir.VectorType(F64, signature.args[1].width)
        place = builder.inttoptr(args[0], wide.as_pointer())
        before = builder.load(place)
        before.align = 8
        total = builder.fadd(before, builder.fpext(args[1], wide))
        builder.store(total, place).align = 8
        return context.get_dummy_value()

    return types.void(types.int64, vector), codegen


__all__ = ["add_wide", "fma", "highest", "load", "splat", "store", "store_first", "where_less"]
