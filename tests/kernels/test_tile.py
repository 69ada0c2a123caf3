"""The register tile in its kernels: odd sizes at every width, nothing written but the result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dltrain.core import cells
from dltrain.core.lowering import Target
from dltrain.layers.tiling import Tiling, choose, choose_blocks, choose_even
from tests.reference import twin_layers
from tests.reference.guarded import Guarded, call

Floats = NDArray[np.float32]
TARGETS = [Target(4, 16), Target(8, 16), Target(16, 32)]
at_every_width = pytest.mark.parametrize("target", TARGETS, ids=lambda target: str(target.width))
# Rows and columns decide what is compiled, so they come from few; the rest may be anything.
CUTS = [(1, 1), (3, 17), (9, 5), (16, 48), (29, 35)]
STARTS = {"zero": (0, 0), "bias and relu": (1, 1), "accumulate": (2, 0)}
quick = settings(max_examples=12, deadline=None)


def normal(seed: int, *shape: int) -> Floats:
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(np.float32)


def begun(start: int, relu: int, product: Any, bias: Any, before: Any) -> Any:
    """Give what a tile makes of a product."""
    total = product + (0, bias, before)[start]
    return np.maximum(total, 0) if relu else total


def assert_is(found: Guarded, wanted: Any, *read: Guarded) -> None:
    np.testing.assert_allclose(found.values, wanted, rtol=1e-5, atol=1e-4)
    assert all(operand.is_unharmed for operand in (found, *read))


def blocks_of(w: Floats, block: int) -> Floats:
    """Lay out each block of a matrix' columns in one piece, the last one filled up."""
    count = -(-w.shape[1] // block)
    filled = np.full((len(w), count * block), 9, np.float32)
    filled[:, : w.shape[1]] = w
    return np.ascontiguousarray(filled.reshape(len(w), count, block).swapaxes(0, 1))


@at_every_width
@pytest.mark.parametrize("start", STARTS)
@quick
@given(
    columns=st.sampled_from([1, 5, 17, 48]),
    inputs=st.integers(1, 40),
    rows=st.integers(1, 4),
    samples=st.integers(1, 9),
    first=st.integers(0, 2),
    in_blocks=st.booleans(),
    seed=st.integers(0, 99),
)
def test_rows_by_a_matrix(
    target: Target, start: str, columns: int, inputs: int, rows: int, samples: int, first: int,
    in_blocks: bool, seed: int,
) -> None:  # fmt: skip
    init, relu = STARTS[start]
    total = first + samples + 1
    x, w = normal(seed, total, rows, inputs), normal(seed, inputs, columns)
    bias, before = normal(seed, columns), normal(seed + 1, total, rows, columns)
    tiling = (choose_blocks if in_blocks else choose_even)(8, columns, target)
    block = tiling.nv * tiling.width
    laid, apart, down = (
        (blocks_of(w, block), inputs * block, block) if in_blocks else (w, block, columns)
    )
    operands = [Guarded(x), Guarded(laid, fixed=True), Guarded(bias, fixed=True), Guarded(before)]
    sizes = (rows, inputs, columns, tiling.blocks, tiling.columns, apart, down)
    span = range(first, first + samples)
    call("multiply", (*tiling.variant, init, relu), operands, sizes, span)
    wanted = before.astype(float)
    chosen = slice(first, first + samples)
    product = x[chosen].astype(float) @ w
    wanted[chosen] = begun(init, relu, product, bias, before[chosen])
    assert_is(operands[3], wanted, *operands[:3])


@at_every_width
@pytest.mark.parametrize("start", ["zero", "accumulate"])
@quick
@given(
    cut=st.sampled_from(CUTS),
    rows=st.integers(1, 40),
    samples=st.integers(1, 9),
    seed=st.integers(0, 99),
)
def test_the_gradient_of_a_matrix(
    target: Target, start: str, cut: tuple[int, int], rows: int, samples: int, seed: int
) -> None:
    (inputs, columns), (init, _) = cut, STARTS[start]
    x, dy = normal(seed, samples, rows, inputs), normal(seed, samples, rows, columns)
    before = normal(seed, inputs, columns)
    operands = [Guarded(x), Guarded(dy), Guarded(before, fixed=True)]
    tiling = choose(inputs, columns, target)
    call("multiply_weights", (*tiling.variant, init), operands, (rows, *cut), range(samples))
    product = np.einsum("nri,nrc->ic", x.astype(float), dy)
    assert_is(operands[2], begun(init, 0, product, 0, before), *operands[:2])


@at_every_width
@pytest.mark.parametrize("start", ["zero", "accumulate"])
@pytest.mark.parametrize("across", [0, 1], ids=["rows", "columns"])
@quick
@given(
    cut=st.sampled_from([(3, 17), (29, 35), (7, 200)]),
    rows=st.integers(1, 40),
    samples=st.integers(1, 9),
    most=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_parts_of_the_gradient_of_a_matrix(
    target: Target, start: str, across: int, cut: tuple[int, int], rows: int, samples: int,
    most: int, seed: int,
) -> None:  # fmt: skip
    (inputs, columns), (init, _) = cut, STARTS[start]
    x, dy = normal(seed, samples, rows, inputs), normal(seed, samples, rows, columns)
    before, facts = normal(seed, inputs, columns), np.zeros(cells.COUNT)
    facts[cells.BATCH] = samples
    operands = [Guarded(x), Guarded(dy), Guarded(facts.view(np.float32), fixed=True)]
    operands.append(Guarded(before, fixed=True))
    tiling = choose(inputs, columns, target)
    parts = tiling.parts_across(columns, most) if across else tiling.parts(inputs, most)
    assert len(parts) <= most
    for part in parts:
        variant = (*tiling.variant, across, 0, init)
        call("multiply_weights_whole", variant, operands, (rows, *cut), range(*part))
    product = np.einsum("nri,nrc->ic", x.astype(float), dy)
    assert_is(operands[3], begun(init, 0, product, 0, before), *operands[:3])


@st.composite
def convolutions(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the sizes of a convolution that needs no padding."""
    pair = st.tuples(st.integers(1, 3), st.integers(1, 3))
    return {
        "kernel": draw(pair), "strides": draw(pair), "dilation": draw(pair),
        "high": draw(st.integers(1, 3)), "groups": draw(st.integers(1, 2)),
        "samples": draw(st.integers(1, 3)), "seed": draw(st.integers(0, 99)),
    }  # fmt: skip


class Case:
    """A convolution of `wide` columns of output, its arrays, and the words of its kernels."""

    def __init__(self, drawn: dict[str, Any], wide: int, inputs: int, outputs: int) -> None:
        self.kernel, self.strides, self.dilation = (
            drawn[key] for key in ("kernel", "strides", "dilation")
        )
        self.groups, self.output = drawn["groups"], (drawn["high"], wide)
        self.inputs, self.outputs, self.samples = inputs, outputs, drawn["samples"]
        image = [
            (count - 1) * stride + (size - 1) * dilation + 1
            for count, stride, size, dilation in zip(
                self.output, self.strides, self.kernel, self.dilation, strict=True
            )
        ]
        seed, n, channels = drawn["seed"], self.samples, inputs * self.groups
        self.filters, self.row, self.channels = outputs * self.groups, image[1] * channels, channels
        self.x = normal(seed, n, *image, channels)
        self.w, self.bias = (
            normal(seed, *self.kernel, inputs, self.filters),
            normal(seed, self.filters),
        )
        self.y = normal(seed, n, *self.output, self.filters)

    def twin(self) -> tuple[Any, Any, dict[str, Any]]:
        """Give the output without bias, the way back, and where that adds gradients."""
        wide = {"own/kernel": self.w.astype(float)}
        sums = {"own/kernel": np.zeros(self.w.shape)}
        config = {
            "strides": self.strides, "dilation_rate": self.dilation, "groups": self.groups,
            "use_bias": False,
        }  # fmt: skip
        own = twin_layers.Own("own", wide, sums)
        return *twin_layers.conv2d(config, self.x.astype(float), own), sums

    def forward_sizes(self, tiling: Tiling) -> tuple[int, ...]:
        (strides, dilation), (high, wide) = (self.strides, self.dilation), self.output
        return (
            *(self.groups, high, tiling.tiles, tiling.blocks, tiling.columns),
            *(self.inputs, strides[0] * self.row, strides[1] * self.channels),
            *(self.outputs, self.outputs, wide * self.filters, self.filters),
            *(*self.kernel, self.inputs, dilation[0] * self.row, dilation[1] * self.channels),
            *(self.kernel[1] * self.inputs * self.filters, self.inputs * self.filters),
            *(self.filters, 0, 0, 0),
        )

    def gradient_sizes(self, tiling: Tiling) -> tuple[int, ...]:
        (strides, dilation), (high, wide) = (self.strides, self.dilation), self.output
        return (
            *(self.groups, *self.kernel, tiling.tiles, tiling.blocks, tiling.columns),
            *(self.inputs, dilation[0] * self.row, dilation[1] * self.channels, self.outputs),
            *(self.outputs, self.kernel[1] * self.inputs * self.filters),
            *(self.inputs * self.filters, self.filters, high, wide),
            *(strides[0] * self.row, strides[1] * self.channels, wide * self.filters),
            *(self.filters, 0),
        )


@at_every_width
@pytest.mark.parametrize("start", STARTS)
@quick
@given(drawn=convolutions(), cut=st.sampled_from(CUTS[:4]), inputs=st.integers(1, 6))
def test_windows_by_a_kernel(
    target: Target, start: str, drawn: dict[str, Any], cut: tuple[int, int], inputs: int
) -> None:
    wide, outputs = cut
    case, (init, relu) = Case(drawn, wide, inputs, outputs), STARTS[start]
    x, w, bias = (
        Guarded(case.x, gap=33),
        Guarded(case.w, fixed=True),
        Guarded(case.bias, fixed=True),
    )
    y, tiling = Guarded(case.y, gap=33), choose(wide, outputs, target)
    variant, span = (*tiling.variant, init, relu), range(case.samples)
    call("convolve", variant, [x, w, bias, y], case.forward_sizes(tiling), span)
    product, _, _ = case.twin()
    assert_is(y, begun(init, relu, product, case.bias, case.y), x, w, bias)


@at_every_width
@quick
@given(drawn=convolutions(), cut=st.sampled_from(CUTS), wide=st.integers(1, 5))
def test_the_gradient_of_a_kernel(
    target: Target, drawn: dict[str, Any], cut: tuple[int, int], wide: int
) -> None:
    inputs, outputs = cut
    case = Case(drawn, wide, inputs, outputs)
    x, dy = Guarded(case.x, gap=33), Guarded(case.y, gap=33)
    dw, tiling = Guarded(case.w, fixed=True), choose(inputs, outputs, target)
    sizes = case.gradient_sizes(tiling)
    call("convolve_weights", tiling.variant, [x, dy, dw], sizes, range(case.samples))
    _, backward, sums = case.twin()
    backward(case.y.astype(float))
    assert_is(dw, case.w + sums["own/kernel"], x, dy)
