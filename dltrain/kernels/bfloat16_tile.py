"""The register tile for operands of bfloat16: each step of its sum adds two products."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

from dltrain.kernels.bfloat16 import add_products, add_products_of_one
from dltrain.kernels.tile import Emitter, FetchingEmitter, strip_of


@intrinsic(prefer_literal=True)  # literals keep the disk cache's key stable
def bfloat16_strip(
    typing_context, width, mr, mr_tail, nv, masked, init, relu, A, B, bias, C, sizes
):  # type: ignore[no-untyped-def]
    """Compute the same strip as `strip`, where elements of A and B are words of two bfloat16.

    Bias, sums and C are float32.
    """
    literals = (width, mr, mr_tail, nv, masked, init, relu)
    return strip_of(_Bfloat16Emitter, literals, (A, B, types.int64, C, sizes))


@intrinsic(prefer_literal=True)
def fetching_bfloat16_strip(
    typing_context, width, mr, mr_tail, nv, masked, init, relu, A, B, bias, C, sizes, ahead
):  # type: ignore[no-untyped-def]
    """Compute the same strip, and fetch what later tiles need, as `fetching_strip` does."""
    literals = (width, mr, mr_tail, nv, masked, init, relu)
    return strip_of(_FetchingBfloat16Emitter, literals, (A, B, types.int64, C, sizes, ahead))


class _Bfloat16Emitter(Emitter):
    """Writes the LLVM code of one tile whose factors are words of two numbers."""

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """Add both products of two words to a sum."""
        return add_products(self, a, b, c)

    def add_row(self, pointer: Any, vectors: list[Any], sums: list[Any]) -> list[Any]:
        """Add what a row of A and the vectors of B give to the row's sums."""
        if self.nv > 1:
            return super().add_row(pointer, vectors, sums)
        # Repeating a word in a register first takes longer than the products of one vector.
        return [add_products_of_one(self, pointer, vectors[0], sums[0])]


class _FetchingBfloat16Emitter(FetchingEmitter, _Bfloat16Emitter):
    """Writes the LLVM code of one such tile that asks for numbers that later tiles need."""
