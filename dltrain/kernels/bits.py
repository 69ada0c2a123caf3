"""Float32 numbers taken apart and put together by their bits, in steps that vectorize."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_I32, _F32 = ir.IntType(32), ir.FloatType()
_ROOT_HALF = 0x3F3504F3
"""The bits of sqrt(0.5): fractions lie in [sqrt(0.5), sqrt(2)), where log is best conditioned."""
_FRACTION = 0x007FFFFF


@intrinsic
def nearest_whole(typing_context, value):  # type: ignore[no-untyped-def]
    """Round to the nearest whole number, halves to even.

    The trick of adding 1.5 * 2**23 may be folded away.
    """

    def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
        return builder.call(builder.module.declare_intrinsic("llvm.rint", [_F32]), values)

    return types.float32(types.float32), codegen


@intrinsic
def power_of_two(typing_context, exponent):  # type: ignore[no-untyped-def]
    """Give 2**exponent for a whole exponent in [-126, 127]."""

    def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
        biased = builder.add(builder.fptosi(values[0], _I32), ir.Constant(_I32, 127))
        return builder.bitcast(builder.shl(biased, ir.Constant(_I32, 23)), _F32)

    return types.float32(types.float32), codegen


@intrinsic
def exponent_of(typing_context, value):  # type: ignore[no-untyped-def]
    """Give e of value = fraction * 2**e, for normal positive numbers."""

    def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
        offset = builder.sub(builder.bitcast(values[0], _I32), ir.Constant(_I32, _ROOT_HALF))
        return builder.sitofp(builder.ashr(offset, ir.Constant(_I32, 23)), _F32)

    return types.float32(types.float32), codegen


@intrinsic
def fraction_of(typing_context, value):  # type: ignore[no-untyped-def]
    """Give the fraction, in [sqrt(0.5), sqrt(2)), of value = fraction * 2**e."""

    def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
        offset = builder.sub(builder.bitcast(values[0], _I32), ir.Constant(_I32, _ROOT_HALF))
        kept = builder.and_(offset, ir.Constant(_I32, _FRACTION))
        return builder.bitcast(builder.add(kept, ir.Constant(_I32, _ROOT_HALF)), _F32)

    return types.float32(types.float32), codegen


@intrinsic
def select(typing_context, condition, yes, no):  # type: ignore[no-untyped-def]
    """Choose without a branch.

    Python's `if` lets LLVM move work into one side, and then the loop does not vectorize.
    """

    def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
        return builder.select(values[0], values[1], values[2])

    return types.float32(types.boolean, types.float32, types.float32), codegen


@intrinsic
def larger(typing_context, a, b):  # type: ignore[no-untyped-def]
    """Give the larger of two, NaN where one is NaN; a running `larger` vectorizes."""

    def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
        kind = ir.FunctionType(_F32, [_F32, _F32])
        maximum = builder.module.declare_intrinsic("llvm.maximum", [_F32], kind)
        return builder.call(maximum, values)

    return types.float32(types.float32, types.float32), codegen
