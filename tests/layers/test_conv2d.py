from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dltrain.core.errors import ShapeError
from dltrain.core.lowering import Target
from dltrain.layers.base import Layer
from dltrain.layers.conv2d import Conv2D
from dltrain.layers.pooled_conv2d import PooledConv2D
from dltrain.layers.sparse import SparseGradients
from tests.reference.layer_twin import TARGETS, at_every_width, compare, normal
from tests.reference.parameter_bench import ParameterBench

# Every new shape of tile is compiled, so examples are few and come from small sets.
quick = settings(max_examples=8, deadline=None)
pairs = st.tuples(st.integers(1, 2), st.integers(1, 2))


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[dict[str, Any], tuple[int, int, int]]:
    """Draw a convolution and its input: all options, and sizes that leave rests."""
    inputs, outputs, groups = draw(
        st.sampled_from(
            [
                (1, 5, 1),
                (3, 19, 1),
                (6, 17, 1),
                (2, 3, 2),
                (5, 1, 3),
                (1, 1, 7),
                (1, 1, 18),
                (1, 2, 9),
            ]
        )
    )
    config = {
        "type": "conv2d",
        "filters": outputs * groups,
        "groups": groups,
        "kernel_size": draw(st.sampled_from([1, 2, 3, (3, 1), (2, 5)])),
        "strides": draw(st.sampled_from([1, 2, (1, 3)])),
        "padding": draw(st.sampled_from(["valid", "same", 1, (0, 2), ((1, 0), (2, 3))])),
        "dilation_rate": draw(st.sampled_from([1, 1, 2, (2, 1)])),
        "use_bias": draw(st.booleans()),
        "activation": draw(st.sampled_from([None, "relu"])),
    }
    return config, (draw(st.sampled_from([5, 7])), draw(st.sampled_from([6, 9])), inputs * groups)


@at_every_width
@quick
@given(drawn=convolutions(), accumulate=st.booleans(), owns=st.booleans())
def test_a_convolution_and_its_gradients_are_those_of_the_twin(
    target: Target, drawn: Any, accumulate: bool, owns: bool
) -> None:
    config, shape = drawn
    x = normal(3, *shape)
    try:
        bench = ParameterBench(
            config, x, target=target, accumulate=accumulate, owns_parameters=owns
        )
    except ShapeError:
        assume(False)
    compare(bench, x, config)


@at_every_width
@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("size", [1, 2, (3, 5)])
@pytest.mark.parametrize("strides", [2, (1, 2), (4, 3)])
def test_the_input_gradient_of_strides_is_that_of_the_twin(
    target: Target, strides: Any, size: Any, accumulate: bool
) -> None:
    fields = {"kernel_size": size, "strides": strides, "padding": ((1, 0), (0, 2))}
    x = normal(2, 9, 8, 3)
    config = {"type": "conv2d", "filters": 6, **fields}
    compare(ParameterBench(config, x, target=target, accumulate=accumulate), x, config)


@at_every_width
@pytest.mark.parametrize("groups", [2, 16, 35])
@pytest.mark.parametrize("multiplier", [1, 2])
def test_a_filter_for_each_channel_sees_that_channel_alone(
    target: Target, groups: int, multiplier: int
) -> None:
    config = {
        "type": "conv2d",
        "filters": groups * multiplier,
        "groups": groups,
        "kernel_size": 3,
        "padding": "same",
        "strides": 2,
        "activation": "relu",
    }
    x = normal(2, 6, 7, groups)
    compare(ParameterBench(config, x, target=target), x, config)


@at_every_width
@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize(
    "fields",
    [
        {"kernel_size": 3},
        {"kernel_size": (2, 3), "padding": ((0, 2), (1, 0)), "strides": (1, 2)},
        {"kernel_size": 3, "dilation_rate": (2, 1), "use_bias": False},
    ],
)
def test_gradients_that_pass_over_zeros_are_those_of_the_twin(
    target: Target, fields: dict[str, Any], accumulate: bool
) -> None:
    config = {"type": "conv2d", "filters": 5, "activation": "relu", **fields}
    x = normal(3, 8, 7, 6)
    bench = ParameterBench(config, x, target=target, accumulate=accumulate)
    convolution = bench.layer
    assert isinstance(convolution, Conv2D)
    assert SparseGradients.suits(convolution.geometry(x.shape[1:]), target)
    compare(bench, x, config)


@at_every_width
@pytest.mark.parametrize("owns", [False, True])
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize(
    ("fields", "pool", "shape"),
    [
        ({"filters": 5, "kernel_size": 3}, 2, (9, 8, 1)),
        ({"filters": 5, "kernel_size": 3, "padding": "same"}, [3, 2], (7, 9, 6)),
        ({"filters": 5, "kernel_size": 3, "strides": 2}, 2, (11, 10, 6)),
        ({"filters": 6, "kernel_size": 3, "groups": 6, "padding": 1}, 2, (6, 7, 6)),
    ],
)
def test_a_pooled_convolution_is_that_of_two_layers(
    target: Target,
    fields: dict[str, Any],
    pool: Any,
    shape: tuple[int, ...],
    relu: bool,
    owns: bool,
) -> None:
    config = {"type": "conv2d", "activation": "relu" if relu else None, **fields}
    pooling = {"type": "max_pooling2d", "pool_size": pool}
    convolution = Layer.parse(config)
    assert isinstance(convolution, Conv2D)
    joined = PooledConv2D.of(convolution, Layer.parse(pooling))
    assert joined is not None
    x = normal(3, *shape)
    bench = ParameterBench(joined, x, target=target, owns_parameters=owns, accumulate=relu)
    compare(bench, x, config, pooling)


@pytest.mark.parametrize(
    "pooling",
    [
        {"strides": 1},
        {"padding": "same"},
        {"ceil_mode": True},
        {"activation": "tanh"},
        {"pool_size": 16},
    ],
)
def test_a_pooling_that_overlaps_or_hangs_over_stays_a_layer(pooling: dict[str, Any]) -> None:
    convolution = Conv2D(filters=2, kernel_size=1)
    assert PooledConv2D.of(convolution, Layer.parse({"type": "max_pooling2d", **pooling})) is None


@pytest.mark.parametrize("groups", [1, 4])
def test_a_convolution_keeps_nan_through_relu(groups: int) -> None:
    x = normal(1, 5, 5, 4)
    x[0, 2, 2, 1] = np.nan
    config = {"type": "conv2d", "filters": 4, "kernel_size": 3, "groups": groups}
    bench = ParameterBench({**config, "activation": "relu"}, x, target=TARGETS[2])
    hit = np.isnan(bench.forward()[0]).all((0, 1))
    np.testing.assert_array_equal(hit, [groups == 1 or c == 1 for c in range(4)])


def test_a_pooled_convolution_keeps_nan() -> None:
    x = normal(1, 6, 6, 3)
    x[0, 1, 1, 0] = np.nan
    convolution = Conv2D.model_validate({"filters": 4, "kernel_size": 1, "activation": "relu"})
    joined = PooledConv2D.of(convolution, Layer.parse("max_pooling2d"))
    assert joined is not None
    y = ParameterBench(joined, x, target=TARGETS[2]).forward()
    assert np.isnan(y[0, 0, 0]).all()
    assert np.isfinite(y[0, 1:]).all()


@pytest.mark.parametrize(
    ("fields", "shape", "message"),
    [
        ({"filters": 4, "kernel_size": 5}, (3, 4, 2), "window of 5x5 is larger than"),
        ({"filters": 4, "kernel_size": 3, "groups": 3}, (5, 5, 4), "3 groups divide neither"),
        ({"filters": 4, "kernel_size": 3}, (8,), "takes images, but receives vectors"),
    ],
)
def test_a_convolution_refuses_a_shape_that_does_not_fit(
    fields: dict[str, Any], shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        Layer.parse({"type": "conv2d", **fields}).output_shape(shape)
