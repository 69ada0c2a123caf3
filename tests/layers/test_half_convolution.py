"""Convolutions in bfloat16, of numbers that rounding leaves alone: only sums may differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dltrain.core.errors import ShapeError
from dltrain.core.lowering import Target
from dltrain.layers.base import Layer
from tests.reference.bfloat16 import at_every_width, needs_bfloat16, rounded
from tests.reference.layer_twin import compare, normal
from tests.reference.parameter_bench import ParameterBench

pytestmark = needs_bfloat16
# Every new shape of tile is compiled, so examples are few and come from small sets.
quick = settings(max_examples=12, deadline=None)


def hold(config: dict[str, Any], shape: tuple[int, ...], target: Target, **options: Any) -> None:
    x = rounded(normal(3, *shape))
    compare(ParameterBench(config, x, target=target, precision="bfloat16", **options), x, config)


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[dict[str, Any], tuple[int, int, int]]:
    """Draw a convolution and its input: all options, and sizes that leave rests."""
    inputs, outputs, groups = draw(
        st.sampled_from([(1, 5, 1), (3, 19, 1), (6, 17, 1), (2, 4, 2), (6, 2, 3), (3, 3, 2)])
    )
    config = {
        "type": draw(st.sampled_from(["conv2d", "conv2d", "conv2d_transpose"])),
        "filters": outputs * groups,
        "groups": groups,
        "kernel_size": draw(st.sampled_from([1, 2, 3, (3, 1), (2, 5)])),
        "strides": draw(st.sampled_from([1, 2, (1, 3)])),
        "padding": draw(st.sampled_from(["valid", "same", 1, ((1, 0), (2, 3))])),
        "dilation_rate": draw(st.sampled_from([1, 1, 2, (2, 1)])),
        "use_bias": draw(st.booleans()),
        "activation": draw(st.sampled_from([None, "relu"])),
    }
    if config["type"] == "conv2d_transpose":
        del config["groups"]
    return config, (draw(st.sampled_from([5, 7])), draw(st.sampled_from([6, 9])), inputs * groups)


@at_every_width
@quick
@given(drawn=convolutions(), accumulate=st.booleans())
def test_a_convolution_and_its_gradients_are_those_of_the_twin(
    target: Target, drawn: Any, accumulate: bool
) -> None:
    config, shape = drawn
    try:
        Layer.parse(config).output_shape(shape)
    except ShapeError:
        assume(False)
    hold(config, shape, target, accumulate=accumulate, owns_parameters=False)


@at_every_width
@pytest.mark.parametrize(("size", "strides"), [(1, 1), (1, 2), (2, 1), (3, 2)])
@pytest.mark.parametrize("channels", [16, 32, 48])
def test_convolutions_of_whole_vectors_are_those_of_the_twin(
    target: Target, strides: int, size: int, channels: int
) -> None:
    fields = {"kernel_size": size, "strides": strides, "padding": "same", "use_bias": False}
    hold({"type": "conv2d", "filters": channels, **fields}, (8, 8, channels), target)


@at_every_width
def test_a_convolution_keeps_numbers_that_are_not_finite(target: Target) -> None:
    config = {"type": "conv2d", "filters": 3, "kernel_size": 1, "use_bias": False}
    x = np.ones((1, 2, 2, 4), np.float32)
    x[0, 0, 0, 1], x[0, 1, 1, 2] = np.nan, np.inf
    bench = ParameterBench(config, x, target=target, precision="bfloat16")
    bench.parameters["kernel"][...] = 1
    y = bench.forward()
    assert np.isnan(y[0, 0, 0]).all()
    assert np.isinf(y[0, 1, 1]).all()
    assert np.array_equal(y[0, 0, 1], [4, 4, 4])
