"""Copies of matrices and kernels in another order; nothing else is written."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dltrain.core.lowering import Target
from tests.reference.guarded import Guarded, call

Floats = NDArray[np.float32]
WIDTHS = [Target(4, 16), Target(8, 16), Target(16, 32)]
at_every_width = pytest.mark.parametrize("target", WIDTHS, ids=lambda target: str(target.width))
quick = settings(max_examples=25, deadline=None)
sizes = st.sampled_from([1, 3, 8, 16, 17, 35, 64, 70])


def normal(seed: int, *shape: int) -> Floats:
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(np.float32)


def copied(
    kernel: str, variant: tuple[int, ...], w: Floats, copy: Floats, sizes: tuple[int, ...], cut: int
) -> Floats:
    """Run a kernel on two ranges of the copy's rows, `cut` of them first."""
    given, made = Guarded(w, fixed=True), Guarded(copy, fixed=True)
    rows = sizes[0] if kernel == "block_columns" else copy.shape[-2]
    rows = int(np.prod(copy.shape[:-1])) if kernel == "flip" else rows
    for span in (range(min(cut, rows)), range(min(cut, rows), rows)):
        call(kernel, variant, [given, made], sizes, span)
    assert given.is_unharmed
    assert made.is_unharmed
    return made.values


def in_blocks(w: Floats, block: int, empty: Floats) -> Floats:
    """Cut a matrix into blocks of columns; what is behind the last column stays as it was."""
    result = empty.copy()
    for number in range(len(result)):
        part = w[:, number * block : (number + 1) * block]
        result[number, :, : part.shape[1]] = part
    return result


@at_every_width
@quick
@given(
    inputs=sizes, columns=sizes, vectors=st.integers(1, 4), cut=st.integers(0, 40),
    turned=st.booleans(), seed=st.integers(0, 99),
)  # fmt: skip
def test_blocks_of_columns_lie_in_one_piece_each(
    target: Target, inputs: int, columns: int, vectors: int, cut: int, turned: bool, seed: int
) -> None:
    w, block = normal(seed, inputs, columns), vectors * target.width
    empty = np.full((-(-columns // block), inputs, block), 77, np.float32)
    if turned:
        given, words = np.ascontiguousarray(w.T), (columns, inputs, block)
        found = copied("turn_blocks", (target.width,), given, empty, words, cut)
    else:
        found = copied("block_columns", (), w, empty, (inputs, columns, block), cut)
    np.testing.assert_array_equal(found, in_blocks(w, block, empty))


@at_every_width
@quick
@given(
    positions=st.integers(1, 4), inputs=sizes, outputs=sizes, groups=st.sampled_from([1, 1, 2, 3]),
    cut=st.integers(0, 60), seed=st.integers(0, 99),
)  # fmt: skip
def test_a_kernel_is_turned_over(
    target: Target, positions: int, inputs: int, outputs: int, groups: int, cut: int, seed: int
) -> None:
    w = normal(seed, positions, inputs, groups, outputs)
    empty = np.full((positions, outputs, groups * inputs), 77, np.float32)
    words = (positions, inputs, groups * outputs, groups)
    found = copied("flip", (target.width,), w, empty, words, cut)
    wanted = w[::-1].transpose(0, 3, 2, 1).reshape(empty.shape)
    np.testing.assert_array_equal(found, wanted)
