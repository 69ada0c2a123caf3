"""Copies in words of two bfloat16, bit for bit as NumPy makes them; nothing else is written."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dltrain.core.lowering import Target
from tests.reference.bfloat16 import (
    assert_same_words,
    at_every_width,
    channel_words,
    needs_bfloat16,
    rounded,
    words,
)
from tests.reference.guarded import Guarded, call

pytestmark = needs_bfloat16
Floats = NDArray[np.float32]
channels = st.sampled_from([1, 3, 8, 16, 17, 35])
quick = settings(max_examples=25, deadline=None)


def normal(seed: int, *shape: int) -> Floats:
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(np.float32)


def empty(*shape: int) -> Floats:
    return np.full(shape, 77, np.float32)


def converted(
    kernel: str, target: Target, x: Floats, shape: tuple[int, ...], sizes: tuple[int, ...]
) -> Floats:
    """Run a kernel that copies samples, and see that it writes what is its own."""
    given, made = Guarded(x, gap=5), Guarded(empty(len(x), *shape), gap=3)
    call(kernel, (target.width,), [given, made], sizes, range(len(x)))
    assert given.is_unharmed
    assert made.is_unharmed
    return made.values


@at_every_width
def test_numbers_are_rounded_to_the_nearest_and_ties_to_even(target: Target) -> None:
    bits = np.arange(0x3F7F0000, 0x3F820000, 0x1000, dtype=np.uint32)
    near_ties = np.concatenate([bits, bits + 1, bits - 1]).view(np.float32)
    generator = np.random.default_rng(0)
    wild = generator.integers(0, 2**32, 4000, dtype=np.uint32).view(np.float32)
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, -1e-40, 3.4e38], np.float32)
    x = np.concatenate([near_ties, wild, special, -near_ties])[:, None]
    x = x[: len(x) // 2 * 2]
    found = Guarded(empty(len(x) // 2, 1), fixed=True)
    call("pair_rows", (target.width,), [Guarded(x), found], (1, 1), range(len(x)))
    assert_same_words(found.values, words(x[::2], x[1::2]))


def test_the_twin_rounds_as_its_definition_says() -> None:
    x = np.array([1.0, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20, -3.14159], np.float32)
    np.testing.assert_array_equal(rounded(x), np.float32([1, 1, 1 + 2**-6, 1 + 2**-7, -3.140625]))


@st.composite
def paddings(draw: st.DrawFn) -> tuple[int, ...]:
    """Draw the sizes of `pad` without channels: image, larger image, offsets, steps."""
    high, wide = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    offsets = draw(st.integers(-2, 3)), draw(st.integers(-2, 3))
    steps = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    return high, wide, draw(st.integers(1, 9)), draw(st.integers(1, 9)), *offsets, *steps


@at_every_width
@quick
@given(sizes=paddings(), count=channels, seed=st.integers(0, 99))
def test_an_image_is_padded_in_words_of_channels(
    target: Target, sizes: tuple[int, ...], count: int, seed: int
) -> None:
    height, width, high, wide, top, left, down, across = sizes
    x, wanted = normal(seed, 2, height, width, count), np.zeros((2, high, wide, count), np.float32)
    for i in range(height):
        for j in range(width):
            row, column = top + i * down, left + j * across
            if 0 <= row < high and 0 <= column < wide:
                wanted[:, row, column] = x[:, i, j]
    shape = (high, wide, -(-count // 2))
    order = (height, width, count, high, wide, top, left, down, across)
    found = converted("pad_halves", target, x, shape, order)
    assert_same_words(found, channel_words(wanted))


@at_every_width
@quick
@given(
    extents=st.tuples(st.integers(1, 5), st.integers(1, 6)),
    margins=st.tuples(*[st.integers(0, 3)] * 4),
    step=st.integers(1, 4),
    distance=st.integers(1, 4),
    count=channels,
    seed=st.integers(0, 99),
)
def test_an_image_is_padded_in_words_of_pixels(
    target: Target, extents: tuple[int, int], margins: tuple[int, ...], step: int, distance: int,
    count: int, seed: int,
) -> None:  # fmt: skip
    (height, width), (top, bottom, left, right) = extents, margins
    x = normal(seed, 2, height, width, count)
    columns = -(-(left + width + right) // step)
    far = distance + step * columns
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right + far), (0, 0)))
    first = padded[:, :, : columns * step : step]
    second = padded[:, :, distance : distance + columns * step : step]
    high = top + height + bottom
    sizes = (height, width, count, high, columns, top, left, step, distance)
    found = converted("pair_pixels", target, x, (high, columns, count), sizes)
    assert_same_words(found, words(first, second))


@at_every_width
@quick
@given(rows=st.integers(1, 3), samples=st.integers(1, 5), count=channels, seed=st.integers(0, 99))
def test_rows_of_a_lane_are_paired(
    target: Target, rows: int, samples: int, count: int, seed: int
) -> None:
    x = normal(seed, samples, rows, count)
    pairs = -(-samples * rows // 2)
    made = Guarded(empty(pairs, count), fixed=True)
    call("pair_rows", (target.width,), [Guarded(x), made], (rows, count), range(samples))
    flat = np.concatenate([x.reshape(-1, count), np.zeros((1, count), np.float32)])
    assert_same_words(made.values, words(flat[: 2 * pairs : 2], flat[1 : 2 * pairs : 2]))
    assert made.is_unharmed


kernels = {
    "positions": st.integers(1, 3), "inputs": st.sampled_from([1, 2, 7, 16, 21]),
    "outputs": st.sampled_from([1, 4, 15, 16, 37]), "cut": st.integers(0, 40),
    "seed": st.integers(0, 99),
}  # fmt: skip


def in_two_calls(
    kernel: str, target: Target, w: Floats, shape: tuple[int, ...], sizes: tuple[int, ...], cut: int
) -> Floats:
    """Make a copy of a kernel in two ranges of its rows."""
    given, made = Guarded(w, fixed=True), Guarded(empty(*shape), fixed=True)
    rows = int(np.prod(shape[:-1]))
    for span in (range(min(cut, rows)), range(min(cut, rows), rows)):
        call(kernel, (target.width,), [given, made], sizes, span)
    assert made.is_unharmed
    return made.values


@at_every_width
@quick
@given(**kernels)
def test_inputs_of_a_kernel_are_paired(
    target: Target, positions: int, inputs: int, outputs: int, cut: int, seed: int
) -> None:
    w = normal(seed, positions, inputs, outputs)
    shape = (positions, -(-inputs // 2), outputs)
    found = in_two_calls("pair_inputs", target, w, shape, (positions, inputs, outputs), cut)
    assert_same_words(found, np.moveaxis(channel_words(np.moveaxis(w, 1, 2)), 2, 1))


@at_every_width
@quick
@given(**kernels, groups=st.sampled_from([1, 1, 2, 3]))
def test_a_kernel_is_turned_over_and_its_outputs_paired(
    target: Target, positions: int, inputs: int, outputs: int, cut: int, seed: int, groups: int
) -> None:
    w = normal(seed, positions, inputs, groups, outputs)
    pairs = -(-outputs // 2)
    sizes = (positions, inputs, groups * outputs, groups)
    shape = (positions, pairs, groups * inputs)
    found = in_two_calls("flip_pairs", target, w, shape, sizes, cut)
    turned = channel_words(w[::-1]).transpose(0, 3, 2, 1)
    assert_same_words(found, turned.reshape(shape))
