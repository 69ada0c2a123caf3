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
def turn_square(typing_context, width, source, stride, target, ahead, columns, rows):  # type: ignore[no-untyped-def]
    """Write a block of float32 numbers, turned over: target[k, i] = source[i, k].

    `width` square at most: `rows` of target, of `columns` numbers, `ahead` bytes apart; the rows of
    source are `stride` bytes apart.
    """
    count = width.literal_value

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        _, source, stride, target, ahead, columns, rows = args
        vectors = VectorBuilder(builder, count)
        places = _places(vectors, source, stride, columns)
        lines = [vectors.load(place) for place in places]
        _write(vectors, transposed(builder, lines), target, ahead, columns, rows)
        return context.get_dummy_value()

    return types.void(width, *[types.int64] * 6), codegen


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
        masks = [vectors.mask(builder.sub(left, vectors.const(k))) for k in (0, count)]
        words = []
        for at in _places(vectors, source, stride, columns):
            halves = [vectors.load(at, offset) for offset in (0, count)]
            kept = [
                builder.select(mask, half, vectors.zero)
                for mask, half in zip(masks, halves, strict=True)
            ]
            words.append(builder.bitcast(rounded(vectors, *kept), vectors.vector))
        _write(vectors, transposed(builder, words), target, ahead, columns, rows)
        return context.get_dummy_value()

    return types.void(width, *[types.int64] * 7), codegen


def _places(vectors: VectorBuilder, source: Any, stride: Any, rows: Any) -> list[Any]:
    """Point at the rows of a square; at the last one for those beyond it."""
    builder = vectors.builder
    most = builder.sub(rows, vectors.const(1))
    places = []
    for i in range(vectors.width):
        row = vectors.const(i)
        row = builder.select(builder.icmp_signed("<", row, most), row, most)
        places.append(vectors.pointer(builder.add(source, builder.mul(row, stride))))
    return places


def _write(
    vectors: VectorBuilder, lines: list[Any], target: Any, ahead: Any, columns: Any, rows: Any
) -> None:
    """Store `columns` words of each of the first `rows` lines."""
    builder, wanted = vectors.builder, vectors.mask(columns)
    nothing = ir.Constant(wanted.type, None)
    for k, line in enumerate(lines):
        is_there = builder.icmp_signed("<", vectors.const(k), rows)
        at = vectors.pointer(builder.add(target, builder.mul(ahead, vectors.const(k))))
        vectors.store(line, at, 0, builder.select(is_there, wanted, nothing))


__all__ = ["transposed", "turn_pairs", "turn_square"]
