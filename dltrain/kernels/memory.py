"""How a kernel reaches its operands: addresses in the argument block become typed pointers.

An operand is four words: address, and its strides in bytes per sample, lane and thread. A buffer
that is reused for every sample has stride 0, so a kernel need not know where the engine put it.
After the operands come the sizes (integers), then the numbers (float64 by their bits).
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

OPERAND = 4
"""Words of one operand in the argument block."""

_WORDS = types.CPointer(types.int64)


def _operand(element: types.Type) -> object:
    @intrinsic
    def pointer(typing_context, args, index, sample, lane, thread):  # type: ignore[no-untyped-def]
        """Give the pointer to operand `index` of this sample, lane and thread."""
        signature = types.CPointer(element)(
            _WORDS, types.int64, types.int64, types.int64, types.int64
        )

        def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
            words, position, *places = values
            i64 = ir.IntType(64)
            first = builder.mul(position, ir.Constant(i64, OPERAND))

            def word(offset: int):  # type: ignore[no-untyped-def]
                place = builder.add(first, ir.Constant(i64, offset))
                return builder.load(builder.gep(words, [place]))

            address = word(0)
            for offset, place in enumerate(places, start=1):
                address = builder.add(address, builder.mul(word(offset), place))
            return builder.inttoptr(address, context.get_value_type(signature.return_type))

        return signature, codegen

    return pointer


f32 = _operand(types.float32)
f64 = _operand(types.float64)
i32 = _operand(types.int32)
u8 = _operand(types.uint8)


@intrinsic
def address(typing_context, args, index, sample, lane, thread):  # type: ignore[no-untyped-def]
    """Give the address of operand `index` in bytes, for `tile`."""
    signature = types.int64(_WORDS, types.int64, types.int64, types.int64, types.int64)

    def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
        words, position, *places = values
        i64 = ir.IntType(64)
        first = builder.mul(position, ir.Constant(i64, OPERAND))
        total = builder.load(builder.gep(words, [first]))
        for offset, place in enumerate(places, start=1):
            stride = builder.load(
                builder.gep(words, [builder.add(first, ir.Constant(i64, offset))])
            )
            total = builder.add(total, builder.mul(stride, place))
        return total

    return signature, codegen


@intrinsic
def words(typing_context, address):  # type: ignore[no-untyped-def]
    """Read what lies at an address as int64 words."""

    def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
        return builder.inttoptr(values[0], context.get_value_type(signature.return_type))

    return _WORDS(types.int64), codegen


@intrinsic
def floats(typing_context, address):  # type: ignore[no-untyped-def]
    """Read what lies at an address as float32 numbers."""

    def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
        return builder.inttoptr(values[0], context.get_value_type(signature.return_type))

    return types.CPointer(types.float32)(types.int64), codegen


@intrinsic
def number(typing_context, args, index):  # type: ignore[no-untyped-def]
    """Read word `index` of the argument block as a float64."""
    signature = types.float64(_WORDS, types.int64)

    def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
        word = builder.load(builder.gep(values[0], [values[1]]))
        return builder.bitcast(word, ir.DoubleType())

    return signature, codegen


@intrinsic
def float_of_bits(typing_context, bits):  # type: ignore[no-untyped-def]
    """Read 32 bits as a float32."""

    def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
        return builder.bitcast(values[0], ir.FloatType())

    return types.float32(types.int32), codegen


@intrinsic
def bits_of_float(typing_context, value):  # type: ignore[no-untyped-def]
    """Read a float32 as its 32 bits."""

    def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
        return builder.bitcast(values[0], ir.IntType(32))

    return types.int32(types.float32), codegen


@intrinsic
def call(typing_context, kernel, args, first, last, lane, thread):  # type: ignore[no-untyped-def]
    """Call the kernel at an address with an argument block at another."""

    def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
        i64 = ir.IntType(64)
        words = i64.as_pointer()
        function = ir.FunctionType(ir.VoidType(), [words, i64, i64, i64, i64]).as_pointer()
        builder.call(
            builder.inttoptr(values[0], function),
            [builder.inttoptr(values[1], words), *values[2:]],
        )
        return context.get_dummy_value()

    return types.void(*[types.int64] * 6), codegen


@intrinsic
def add_atomically(typing_context, address, amount):  # type: ignore[no-untyped-def]
    """Add to the int64 at an address, as one step between threads; give the value before."""

    def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
        pointer = builder.inttoptr(values[0], ir.IntType(64).as_pointer())
        return builder.atomic_rmw("add", pointer, values[1], "seq_cst")

    return types.int64(types.int64, types.int64), codegen


@intrinsic
def read_atomically(typing_context, address):  # type: ignore[no-untyped-def]
    """Read the int64 at an address as other threads last wrote it."""

    def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
        pointer = builder.inttoptr(values[0], ir.IntType(64).as_pointer())
        return builder.load_atomic(pointer, "seq_cst", 8)

    return types.int64(types.int64), codegen


@intrinsic
def call_clock(typing_context, function, which, where):  # type: ignore[no-untyped-def]
    """Call the C function `clock_gettime` at an address; `where` takes seconds and nanoseconds."""

    def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
        i32, i64 = ir.IntType(32), ir.IntType(64)
        kind = ir.FunctionType(i32, [i32, i64.as_pointer()]).as_pointer()
        pointer = builder.inttoptr(values[2], i64.as_pointer())
        clock = builder.trunc(values[1], i32)
        builder.call(builder.inttoptr(values[0], kind), [clock, pointer])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), codegen


@intrinsic
def call_plain(typing_context, function):  # type: ignore[no-untyped-def]
    """Call a C function without arguments at an address, such as `sched_yield`."""

    def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
        kind = ir.FunctionType(ir.IntType(32), []).as_pointer()
        builder.call(builder.inttoptr(values[0], kind), [])
        return context.get_dummy_value()

    return types.void(types.int64), codegen


__all__ = [
    "OPERAND",
    "add_atomically",
    "address",
    "bits_of_float",
    "call",
    "call_clock",
    "call_plain",
    "f32",
    "f64",
    "float_of_bits",
    "floats",
    "i32",
    "number",
    "read_atomically",
    "u8",
    "words",
]
