from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import ShapeError
from dltrain.core.lowering import Target
from dltrain.layers.base import Layer
from tests.reference.layer_bench import LayerBench
from tests.reference.layer_twin import compare, normal
from tests.reference.parameter_bench import ParameterBench

WIDE = Target(16, 32)
AXES: list[tuple[tuple[int, ...], list[int] | None, tuple[int, ...]]] = [
    ((37,), None, (37,)),
    ((37,), [1], (1,)),
    ((5, 18), None, (5, 18)),
    ((5, 18), [1], (1, 18)),
    ((5, 18), [2], (5, 1)),
    ((4, 5, 7), None, (4, 5, 7)),
    ((4, 5, 7), [1], (1, 5, 7)),
    ((4, 5, 7), [2], (4, 1, 7)),
    ((4, 5, 7), [3], (4, 5, 1)),
    ((4, 5, 7), [1, 2], (1, 1, 7)),
    ((4, 5, 7), [1, 3], (1, 5, 1)),
    ((4, 5, 7), [2, 3], (4, 1, 1)),
    ((4, 5, 7), [1, 2, 3], (1, 1, 1)),
]


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize(("shape", "axes", "slopes"), AXES)
def test_slopes_are_shared_along_the_axes_that_are_named(
    shape: tuple[int, ...], axes: list[int] | None, slopes: tuple[int, ...], accumulate: bool
) -> None:
    config = {"type": "prelu", "shared_axes": axes}
    assert Layer.parse(config).parameters(shape)["alpha"].shape == slopes
    x = normal(3, *shape)
    compare(ParameterBench(config, x, target=WIDE, accumulate=accumulate), x, config)


def test_a_slope_for_all_pixels_of_a_large_image_is_summed_to_the_last_digits() -> None:
    x, dy = np.abs(normal(1, 200, 200, 8)) - 1, np.ones((1, 200, 200, 8), np.float32)
    config = {"type": "prelu", "shared_axes": [1, 2, 3]}
    bench = ParameterBench(config, x, target=WIDE)
    bench.forward()
    bench.backward(dy)
    wanted = np.where(x > 0, 0, x).sum(dtype=float)
    np.testing.assert_allclose(bench.parameter_gradients["alpha"], wanted, rtol=3e-7)


def test_slopes_start_as_those_of_a_relu() -> None:
    x = normal(2, 5, 18)
    np.testing.assert_array_equal(LayerBench("prelu", x).forward(), np.maximum(x, 0))


def test_nan_stays_nan() -> None:
    x = np.full((2, 19), np.nan, np.float32)
    assert np.isnan(LayerBench("prelu", x).forward()).all()


@pytest.mark.parametrize(
    ("shape", "axes", "message"),
    [
        ((4, 5), [3], r"shared_axes has 3, but the axes of \(4, 5\) are 1, 2"),
        ((2, 2, 2, 2), [2, 4], r"must not be every other axis of \(2, 2, 2, 2\)"),
    ],
)
def test_axes_that_do_not_fit_are_refused(
    shape: tuple[int, ...], axes: list[Any], message: str
) -> None:
    with pytest.raises(ShapeError, match=message) as caught:
        Layer.parse({"type": "prelu", "shared_axes": axes}).output_shape(shape)
    assert caught.value.field == "shared_axes"
