"""The register tile: the one contraction that convolutions, dense layers and their gradients share.

    C[m, :] = start[m, :] + sum of A(m, outer, inner, k) * B(outer, inner, k, :) over the last three

A gives scalars, B and C rows of vectors; all strides are in elements and known at run time. Only
the number of rows and vectors, the start value and the epilogue are compile-time facts, so a few
variants serve every shape. Accumulators stay in registers for the whole sum; the order of the
sum is the order of the loops, whatever the tile's size, so results do not depend on how rows are
tiled.

B may be read up to one vector past its last column, a paired A and an accumulated C too; every
buffer has that slack. C is written to its exact width: the last vector of a `masked` tile stores
`columns` numbers.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from dltrain.kernels.vectors import I64, VectorBuilder

Scalars = namedtuple("Scalars", "pointer high row outer inner step")
Vectors = namedtuple("Vectors", "pointer outer inner row")
Rows = namedtuple("Rows", "pointer high row")
Sizes = namedtuple("Sizes", "high tiles outer inner length columns")
Ahead = namedtuple("Ahead", "a b")

ROWS_AHEAD = 32
"""Rows of B between the one in use and the one that is fetched."""
LINE = 16
"""Numbers in a cache line."""
ZERO, BIAS, ACCUMULATE = 0, 1, 2
"""What a tile starts from."""


@intrinsic(prefer_literal=True)  # literals keep the disk cache's key stable
def strip(typing_context, width, mr, mr_tail, nv, masked, init, relu, A, B, bias, C, sizes):  # type: ignore[no-untyped-def]
    """Compute a strip of tiles, nv vectors wide.

    It is `high` times `tiles` tiles of mr rows and one of mr_tail. The first seven are literal
    integers; A Scalars, B Vectors, C Rows, sizes Sizes. With mr 0, nv 0 or mr_tail 0 that part is
    left out.
    """
    literals = (width, mr, mr_tail, nv, masked, init, relu)
    return strip_of(Emitter, literals, (A, B, types.int64, C, sizes))


@intrinsic(prefer_literal=True)
def paired_strip(typing_context, width, mr, mr_tail, nv, masked, init, relu, A, B, bias, C, sizes):  # type: ignore[no-untyped-def]
    """Compute the same strip, but A gives vectors too: columns of A meet the same columns of B."""
    literals = (width, mr, mr_tail, nv, masked, init, relu)
    return strip_of(PairedEmitter, literals, (A, B, types.int64, C, sizes))


@intrinsic(prefer_literal=True)
def streamed_strip(
    typing_context, width, mr, mr_tail, nv, masked, init, relu, A, B, bias, C, sizes
):  # type: ignore[no-untyped-def]
    """Compute the same strip, of a B that comes from memory: its rows are fetched ahead."""
    literals = (width, mr, mr_tail, nv, masked, init, relu)
    return strip_of(_StreamingEmitter, literals, (A, B, types.int64, C, sizes))


@intrinsic(prefer_literal=True)
def fetching_strip(
    typing_context, width, mr, mr_tail, nv, masked, init, relu, A, B, bias, C, sizes, ahead
):  # type: ignore[no-untyped-def]
    """Compute the same strip, and fetch what lies `ahead`, elements, of each number of A and of B.

    Each tile fetches the numbers of its own columns of A; B is shared out among the tiles.
    """
    literals = (width, mr, mr_tail, nv, masked, init, relu)
    return strip_of(FetchingEmitter, literals, (A, B, types.int64, C, sizes, ahead))


def strip_of(kind: type[Emitter], literals: Any, operands: Any) -> tuple[Any, Any]:
    """Give the signature of a strip, and what writes its code."""
    width, mr, mr_tail, nv, masked, init, relu = (t.literal_value for t in literals)

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        if not (nv and mr):
            return context.get_dummy_value()
        a, b, start, c, counts, *more = (_Operand(builder, value) for value in args[7:])
        with cgutils.for_range(builder, counts[0]) as high:
            rows = builder.mul(counts[1], ir.Constant(I64, mr))
            with cgutils.for_range(builder, counts[1]) as step:
                row = builder.mul(step.index, ir.Constant(I64, mr))
                emitter = kind(builder, width, mr, nv, masked, init, relu)
                emitter.number, emitter.more = step.index, more
                emitter.emit(a.moved(high.index, row), b, start, c.moved(high.index, row), counts)
            if mr_tail:
                emitter = kind(builder, width, mr_tail, nv, masked, init, relu)
                emitter.number, emitter.more = counts[1], more
                emitter.emit(a.moved(high.index, rows), b, start, c.moved(high.index, rows), counts)
        return context.get_dummy_value()

    return types.void(*literals, *operands), codegen


class _Operand:
    """A named tuple of integers in LLVM's hands: pointer, then strides."""

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder = builder
        count = (
            len(value.type.elements)
            if isinstance(value.type, ir.BaseStructType | ir.ArrayType)
            else 0
        )
        self.fields = [builder.extract_value(value, i) for i in range(count)] or [value]

    def __getitem__(self, index: int) -> Any:
        return self.fields[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fields)

    def moved(self, high: Any, row: Any) -> list[Any]:
        """Give the fields with the pointer moved by `high` and `row` strides (fields 1 and 2)."""
        builder, (pointer, high_stride, row_stride, *rest) = self.builder, self.fields
        elements = builder.add(builder.mul(high, high_stride), builder.mul(row, row_stride))
        moved = builder.add(pointer, builder.shl(elements, ir.Constant(I64, 2)))
        return [moved, row_stride, *rest]


class Emitter(VectorBuilder):
    """Writes the LLVM code of one tile."""

    number: Any
    """Number of the tile in its strip."""
    more: list[_Operand]
    """What only some kinds of strips take."""

    def __init__(
        self, builder: Any, width: int, mr: int, nv: int, masked: int, init: int, relu: int
    ) -> None:
        super().__init__(builder, width)
        self.mr, self.nv, self.masked, self.init, self.relu = mr, nv, masked, init, relu

    def emit(self, a: Any, b: Any, bias: Any, c: Any, sizes: Any) -> None:
        """Lay out the three loops around the accumulators."""
        pointer, self.a_row, a_outer, a_inner, a_step = a
        self.b_row = b[3]
        self.bias = self.pointer(bias[0])
        self.c_rows = [self.at(self.pointer(c[0]), self._times(c[1], m)) for m in range(self.mr)]
        self.a_row2 = self.builder.shl(self.a_row, self.const(1))
        # One pointer per row spills registers beyond about 8 rows: three rows share one.
        groups = [
            self.at(self.pointer(pointer), self._times(self.a_row, m)) for m in range(0, self.mr, 3)
        ]

        def outer_body(pointers: list[Any], b_pointer: Any, sums: list[Any]) -> list[Any]:
            return self._loop(sizes[3], pointers, b_pointer, sums, a_inner, b[2], inner_body)

        def inner_body(pointers: list[Any], b_pointer: Any, sums: list[Any]) -> list[Any]:
            return self._loop(sizes[4], pointers, b_pointer, sums, a_step, b[3], self._step)

        start = self._start()
        b_start = self.pointer(b[0])
        sums = self._loop(sizes[2], groups, b_start, start, a_outer, b[1], outer_body)
        self._store(sums, sizes[5])

    def _loop(
        self, count: Any, pointers: list[Any], b_pointer: Any, sums: list[Any],
        a_stride: Any, b_stride: Any, body: Any,
    ) -> list[Any]:  # fmt: skip
        """Run `body` count times (at least once), moving the pointers of A and B."""
        builder = self.builder
        before, head, after = builder.block, self.block("head"), self.block("after")
        builder.branch(head)
        builder.position_at_end(head)
        starts = [self.const(0), b_pointer, *pointers, *sums]
        phis = [builder.phi(start.type) for start in starts]
        for phi, start in zip(phis, starts, strict=True):
            phi.add_incoming(start, before)
        position, moving_b = phis[0], phis[1]
        moving_a, carried = phis[2 : 2 + len(pointers)], phis[2 + len(pointers) :]
        results = body(moving_a, moving_b, carried)
        following = builder.add(position, self.const(1))
        moved = [following, self.at(moving_b, b_stride)]
        moved += [self.at(pointer, a_stride) for pointer in moving_a] + results
        for phi, value in zip(phis, moved, strict=True):
            phi.add_incoming(value, builder.block)
        back = builder.cbranch(builder.icmp_signed("<", following, count), head, after)
        self.keep_rolled(back)
        builder.position_at_end(after)
        return results

    def _step(self, pointers: list[Any], b_pointer: Any, sums: list[Any]) -> list[Any]:
        """Add one product of a column of A and a row of B."""
        vectors = [self.load(b_pointer, j * self.width) for j in range(self.nv)]
        updated = []
        for m in range(self.mr):
            pointer = pointers[m // 3]
            if m % 3:
                pointer = self.at(pointer, self.a_row if m % 3 == 1 else self.a_row2)
            updated += self.add_row(pointer, vectors, sums[m * self.nv : (m + 1) * self.nv])
        return updated

    def add_row(self, pointer: Any, vectors: list[Any], sums: list[Any]) -> list[Any]:
        """Add what a row of A and the vectors of B give to the row's sums."""
        row = self._row(pointer)
        return [self.fma(*factors) for factors in zip(row, vectors, sums, strict=True)]

    def _row(self, pointer: Any) -> list[Any]:
        """Give what meets the vectors of B: one number of A, for all of them."""
        element = self.builder.load(pointer)
        element.align = 4
        return [self.splat(element)] * self.nv

    def _start(self) -> list[Any]:
        if self.init == ZERO:
            return [self.zero] * (self.mr * self.nv)
        offsets = [j * self.width for j in range(self.nv)]
        if self.init == BIAS:
            return [self.load(self.bias, offset) for offset in offsets] * self.mr
        return [self.load(row, offset) for row in self.c_rows for offset in offsets]

    def _store(self, sums: list[Any], columns: Any) -> None:
        mask = self.mask(columns) if self.masked else None
        for m in range(self.mr):
            for j in range(self.nv):
                value = sums[m * self.nv + j]
                if self.relu:  # written so that NaN stays NaN
                    negative = self.builder.fcmp_ordered("<", value, self.zero)
                    value = self.builder.select(negative, self.zero, value)
                is_last = j == self.nv - 1
                self.store(value, self.c_rows[m], j * self.width, mask if is_last else None)

    def _times(self, value: Any, factor: int) -> Any:
        return self.builder.mul(value, self.const(factor))


class PairedEmitter(Emitter):
    """Writes the LLVM code of one tile whose A gives as many numbers as B."""

    def _row(self, pointer: Any) -> list[Any]:
        return [self.load(pointer, j * self.width) for j in range(self.nv)]


class _StreamingEmitter(Emitter):
    """Writes the LLVM code of one tile that asks for rows of B before it needs them."""

    def _step(self, pointers: list[Any], b_pointer: Any, sums: list[Any]) -> list[Any]:
        ahead = self.at(b_pointer, self.builder.mul(self.b_row, self.const(ROWS_AHEAD)))
        for number in range(0, self.nv * self.width, LINE):
            self.prefetch(self.at(ahead, number))
        return super()._step(pointers, b_pointer, sums)


class FetchingEmitter(Emitter):
    """Writes the LLVM code of one tile that asks for numbers that later tiles need."""

    def _step(self, pointers: list[Any], b_pointer: Any, sums: list[Any]) -> list[Any]:
        ahead_a, ahead_b = self.more[0]
        lines = -(-self.nv * self.width // LINE)
        line = self.builder.urem(self.number, self.const(lines))
        place = self.builder.add(ahead_b, self._times(line, LINE))
        self.prefetch(self.at(pointers[0], ahead_a))
        self.prefetch(self.at(b_pointer, place))
        return super()._step(pointers, b_pointer, sums)
