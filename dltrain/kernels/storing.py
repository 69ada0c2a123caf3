"""Stores of vectors that may not be full."""

from __future__ import annotations

from dltrain.kernels.bfloat16 import store_first_rounded, store_rounded
from dltrain.kernels.kernel import device
from dltrain.kernels.simd import store, store_first


def storing(width, halves=0):  # type: ignore[no-untyped-def]
    """Make the function that stores a vector, or what there is room for; `halves` are bfloat16."""
    whole, first = (store_rounded, store_first_rounded) if halves else (store, store_first)

    @device
    def put(place, vector, room):  # type: ignore[no-untyped-def]
        if room < width:
            first(place, vector, room)
        else:
            whole(place, vector)

    return put
