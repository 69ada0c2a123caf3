"""Square blocks of words turned over in registers, for copies in another order."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from dltrain.kernels.bfloat16 import rounded
from dltrain.kernels.vectors import I32, VectorBuilder


def transposed(builder: Any, rows: list[Any]) -> list[Any]:
    """Give the columns of as many vectors as they have elements, a power of two."""
    count, distance = len(rows), 1
    places = range(count)
    while distance < count:
        # Exchange the squares beside the diagonal, `distance` high and wide.
        upper = [k if not k & distance else count + k - distance for k in places]
        lower = [k + distance if not k & distance else count + k for k in places]
        orders = [ir.Constant(ir.VectorType(I32, count), order) for order in (upper, lower)]
        for first in [k for k in places if not k & distance]:
            pair = rows[first], rows[first + distance]
            rows[first], rows[first + distance] = (
                builder.shuffle_vector(*pair, order) for order in orders
            )
        distance *= 2
    return rows


@intrinsic(prefer_literal=True)
def turn_pairs(typing_context, width, source, stride, left, target, ahead, columns, rows):  # type: ignore[no-untyped-def]
    """Write a block of words of two bfloat16, turned over: target[k, i] = source[i, 2k : 2k + 2].

    `width` square at most: `rows` of target, of `columns` words, `ahead` bytes apart. Source is
    float32, its rows `stride` bytes apart; numbers from `left` on count as zero.
    """
    count = width.literal_value

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        _, source, stride, left, target, ahead, columns, rows = args
        vectors = VectorBuilder(builder, count)
        most = builder.sub(columns, vectors.const(1))
        masks = [vectors.mask(builder.sub(left, vectors.const(k))) for k in (0, count)]
        words = []
        for i in range(count):
            row = vectors.const(i)
            row = builder.select(builder.icmp_signed("<", row, most), row, most)
            at = vectors.pointer(builder.add(source, builder.mul(row, stride)))
            halves = [vectors.load(at, offset) for offset in (0, count)]
            kept = [
                builder.select(mask, half, vectors.zero)
                for mask, half in zip(masks, halves, strict=True)
            ]
            words.append(builder.bitcast(rounded(vectors, *kept), vectors.vector))
        wanted = vectors.mask(columns)
        nothing = ir.Constant(wanted.type, None)
        for k, word in enumerate(transposed(builder, words)):
            is_there = builder.icmp_signed("<", vectors.const(k), rows)
            at = vectors.pointer(builder.add(target, builder.mul(ahead, vectors.const(k))))
            vectors.store(word, at, 0, builder.select(is_there, wanted, nothing))
        return context.get_dummy_value()

    return types.void(width, *[types.int64] * 7), codegen


__all__ = ["transposed", "turn_pairs"]
