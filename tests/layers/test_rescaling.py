from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import ShapeError
from dltrain.layers.base import Layer
from tests.reference.layer_bench import LayerBench

SHAPES = [(3,), (4, 3), (5, 2, 3)]


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("offset", [0.0, 0.25, [0.5, -1.0, 2.0]])
@pytest.mark.parametrize("scale", [1 / 3, [2.0, 0.0, -1.5]])
@pytest.mark.parametrize("shape", SHAPES)
def test_rescaling_multiplies_and_adds(
    shape: tuple[int, ...], scale: Any, offset: Any, accumulate: bool
) -> None:
    x = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    layer = {"type": "rescaling", "scale": scale, "offset": offset}
    bench = LayerBench(layer, x, accumulate=accumulate)
    np.testing.assert_allclose(bench.forward(), x * np.array(scale) + offset, atol=1e-6)
    (dx,) = bench.backward(x)
    np.testing.assert_allclose(dx, x * np.array(scale), atol=1e-6)


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_normalization_with_given_statistics_uses_them(
    shape: tuple[int, ...], accumulate: bool
) -> None:
    mean, variance = [1.0, 0.5, -2.0], [4.0, 0.25, 1.0]
    x = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    layer = {"type": "normalization", "mean": mean, "variance": variance}
    bench = LayerBench(layer, x, accumulate=accumulate)
    np.testing.assert_allclose(bench.forward(), (x - mean) / np.sqrt(variance), atol=1e-6)
    (dx,) = bench.backward(x)
    np.testing.assert_allclose(dx, x / np.sqrt(variance), atol=1e-6)


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("shape", [(1,), (6, 5, 1)])
def test_normalization_of_a_single_channel(shape: tuple[int, ...], accumulate: bool) -> None:
    x = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    layer = {"type": "normalization", "mean": 0.5, "variance": 4.0}
    bench = LayerBench(layer, x, accumulate=accumulate)
    np.testing.assert_allclose(bench.forward(), (x - 0.5) / 2, atol=1e-6)
    (dx,) = bench.backward(x)
    np.testing.assert_allclose(dx, x / 2, atol=1e-6)


def test_normalization_of_a_constant_channel_is_finite() -> None:
    layer = {"type": "normalization", "mean": 3.0, "variance": 0.0}
    y = LayerBench(layer, np.full((2, 4), 3, np.float32)).forward()
    np.testing.assert_array_equal(y, 0)


def test_without_statistics_normalization_begins_with_mean_0_and_variance_1() -> None:
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    np.testing.assert_array_equal(LayerBench("normalization", x).forward(), x)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"type": "rescaling", "scale": [1.0, 2.0]}, "scale has 2 numbers, but the input of shape"),
        ({"type": "normalization", "mean": 1.0}, "has a mean or a variance, but no variance"),
        (
            {"type": "normalization", "mean": [1.0, 2.0], "variance": 1.0},
            "mean has 2 numbers, but the input of shape",
        ),
    ],
)
def test_statistics_that_do_not_fit_are_refused(layer: dict[str, Any], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        Layer.parse(layer).output_shape((4, 3))
