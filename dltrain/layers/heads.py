"""The rows of attention proper: queries meet keys, and take in values."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

from dltrain.core.lowering import Buffer, Lowering
from dltrain.layers.dropout import TWO_TO_32
from dltrain.layers.tiling import Tiling, choose_even

QUERIES, KEYS = 64, 64
"""About how many queries and keys meet at a time: their scores stay in the nearest cache."""

ROWS, GRAIN = 8, 16
"""What blocks of queries, and of keys, are multiples of."""
STATISTICS = 5
"""Numbers that are kept of each query of a block: the `State` of `dltrain.kernels.attention`."""


@dataclass(frozen=True)
class Heads:
    """Queries, keys and values of all heads, and what attention makes of them."""

    query: Buffer
    """(queries, heads x key features)"""
    key: Buffer
    """(keys, groups x key features)"""
    value: Buffer
    """(keys, groups x value features)"""
    context: Buffer
    """(queries, heads x value features)"""
    spans: Buffer
    """(heads, queries): the logarithm of each sum of exponentials."""
    heads: int
    groups: int
    causal: bool
    dropout: float = 0.0
    """Share of the weights that are left out."""

    @property
    def inward(self) -> tuple[Buffer, Buffer, Buffer]:
        """Give queries, keys and values."""
        return self.query, self.key, self.value

    def forward(self, at: Lowering) -> None:
        """Write the row of the context."""
        high, wide = self._blocks
        scores, values = self._tiling(at, wide), self._tiling(at, self._value_features)
        at.row(
            "attention_forward",
            variant=(
                scores.width,
                *_columns(scores),
                *_columns(values),
                int(self.causal),
                int(at.mask is not None),
                int(self.dropout > 0),
            ),
            reads=(*self.inward, at.mask or self.key, at.cells),
            writes=(
                *(self.context, self.spans, self._turned(at, self._features)),
                *(at.thread_scratch((high, wide)), at.thread_scratch((STATISTICS, high))),
                at.thread_scratch((wide,)),
            ),
            sizes=(*self._sizes, *_rest(scores), *_rest(values), at.seed()),
            numbers=self._numbers,
            per="sample",
        )

    def backward(self, at: Lowering, gradient: Buffer) -> tuple[Buffer, Buffer, Buffer]:
        """Write the row of the gradients of queries, keys and values, from the context's."""
        high, wide = self._blocks
        scores = self._tiling(at, wide)
        keys, values = self._tiling(at, self._features), self._tiling(at, self._value_features)
        dq, dk, dv = (at.scratch(each.shape) for each in self.inward)
        at.row(
            "attention_backward",
            variant=(
                scores.width,
                *_columns(scores),
                *_columns(keys),
                *_columns(values),
                int(self.causal),
                int(at.mask is not None),
                int(self.dropout > 0),
            ),
            reads=(
                *(*self.inward, self.context, self.spans, gradient),
                *(at.mask or self.key, at.cells),
            ),
            writes=(
                *(dq, dk, dv),
                *(self._turned(at, self._features), self._turned(at, self._value_features)),
                *(at.thread_scratch((high, wide)), at.thread_scratch((high, wide))),
                *(at.thread_scratch((high,)), at.thread_scratch((wide,))),
            ),
            sizes=(*self._sizes, *_rest(scores), *_rest(keys), *_rest(values), at.seed()),
            numbers=self._numbers,
            per="sample",
        )
        return dq, dk, dv

    def _turned(self, at: Lowering, features: int) -> Buffer:
        """Give room for keys or values, transposed block by block."""
        wide = self._blocks[1]
        return at.thread_scratch((ceil(self.key.shape[0] / wide), features, wide))

    def _tiling(self, at: Lowering, columns: int) -> Tiling:
        return choose_even(ROWS, columns, at.target)

    @property
    def _blocks(self) -> tuple[int, int]:
        """Give how many queries, and how many keys, meet at a time."""
        queries, keys = self.query.shape[0], self.key.shape[0]
        return _even(queries, QUERIES, ROWS), _even(keys, KEYS, GRAIN)

    @property
    def _features(self) -> int:
        return self.query.shape[1] // self.heads

    @property
    def _value_features(self) -> int:
        return self.context.shape[1] // self.heads

    @property
    def _numbers(self) -> tuple[float, float, float]:
        """Give the scale of scores, the threshold of dropout and the factor of what stays."""
        threshold = float(round(self.dropout * TWO_TO_32))
        return 1 / sqrt(self._features), threshold, 1 / (1 - self.dropout)

    @property
    def _sizes(self) -> tuple[int, ...]:
        queries, keys = self.query.shape[0], self.key.shape[0]
        heads = self.heads, self.groups, self._features, self._value_features
        return queries, keys, *heads, *self._blocks


def _even(count: int, about: int, grain: int) -> int:
    """Cut a count into parts of about so many, and give the size of a part, a multiple of grain."""
    parts = max(1, round(count / about))
    return ceil(count / parts / grain) * grain


def _columns(tiling: Tiling) -> tuple[int, ...]:
    """Give the compile-time part of a tiling after the vectors' width."""
    return tiling.mr, tiling.nv, tiling.nv_tail, tiling.masked


def _rest(tiling: Tiling) -> tuple[int, int]:
    """Give the full blocks, and the columns of the rest."""
    return tiling.blocks, tiling.columns
