"""Numbers of bfloat16, the upper half of float32, as the processor rounds and multiplies them.

They lie in words of four bytes: two neighbouring channels of a pixel, or one channel of two
neighbouring pixels or rows. The first of the two is the lower half. Rounding is to the nearest,
ties to even; NaN and infinities survive; what is smaller than the smallest normal float32 counts
as zero.

The instructions, AVX512-BF16, are written as such: llvmlite has no type for these numbers.
"""

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.extending import intrinsic

from dltrain.kernels.vectors import I32, VectorBuilder

I16 = ir.IntType(16)

binding.initialize_native_asmparser()


def add_products(vectors: VectorBuilder, a: Any, b: Any, total: Any) -> Any:
    """Add to each float32 of `total` both products of a word of a and one of b."""
    kind = ir.FunctionType(vectors.vector, [vectors.vector] * 3)
    code = ir.InlineAsm(kind, "vdpbf16ps $3, $2, $0", "=v,0,v,v")
    return vectors.builder.call(code, [total, a, b])


def add_products_of_one(vectors: VectorBuilder, pointer: Any, b: Any, total: Any) -> Any:
    """Add the same of the one word at a pointer and all words of b."""
    kind = ir.FunctionType(vectors.vector, [vectors.vector, vectors.vector, pointer.type])
    text = f"vdpbf16ps ($3){{1to{vectors.width}}}, $2, $0"
    # It reads memory, so it must stay in its place.
    code = ir.InlineAsm(kind, text, "=v,0,v,r", side_effect=True)
    return vectors.builder.call(code, [total, b, pointer])


def rounded(vectors: VectorBuilder, low: Any, high: Any) -> Any:
    """Round two vectors of float32: integers of 16 bits, those of `low` first."""
    kind = ir.FunctionType(vectors.vector, [vectors.vector] * 2)
    code = ir.InlineAsm(kind, "vcvtne2ps2bf16 $1, $2, $0", "=v,v,v")
    halves = vectors.builder.call(code, [low, high])
    return vectors.builder.bitcast(halves, ir.VectorType(I16, 2 * vectors.width))


def shuffled(builder: Any, value: Any, order: list[int]) -> Any:
    """Give elements of a vector in another order."""
    places = ir.Constant(ir.VectorType(I32, len(order)), order)
    return builder.shuffle_vector(value, value, places)


@intrinsic
def paired(typing_context, low, high):  # type: ignore[no-untyped-def]
    """Round the numbers of two vectors to words of one of each."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        width = signature.args[0].width
        vectors = VectorBuilder(builder, width)
        order = [place for k in range(width) for place in (k, width + k)]
        words = shuffled(builder, rounded(vectors, *args), order)
        return builder.bitcast(words, vectors.vector)

    return low(low, low), codegen


@intrinsic
def store_rounded(typing_context, address, vector):  # type: ignore[no-untyped-def]
    """Write a vector, rounded, to an address in bytes."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        vectors = VectorBuilder(builder, signature.args[1].width)
        halves = _narrow(vectors, args[1])
        builder.store(halves, builder.inttoptr(args[0], halves.type.as_pointer())).align = 2
        return context.get_dummy_value()

    return types.void(types.int64, vector), codegen


@intrinsic
def store_first_rounded(typing_context, address, vector, count):  # type: ignore[no-untyped-def]
    """Write the first `count` numbers of a vector, rounded; beside a last odd one a zero."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        address, value, count = args
        vectors = VectorBuilder(builder, signature.args[1].width)
        halves = _narrow(vectors, builder.select(vectors.mask(count), value, vectors.zero))
        even = builder.add(count, builder.and_(count, ir.Constant(count.type, 1)))
        place = builder.inttoptr(address, halves.type.as_pointer())
        vectors.store_masked(halves, place, vectors.mask(even))
        return context.get_dummy_value()

    return types.void(types.int64, vector, types.int64), codegen


def _narrow(vectors: VectorBuilder, value: Any) -> Any:
    """Round one vector."""
    return shuffled(vectors.builder, rounded(vectors, value, value), list(range(vectors.width)))


__all__ = ["add_products", "add_products_of_one", "paired", "store_first_rounded", "store_rounded"]
