"""Layer normalization and root mean square normalization: the last axis of any sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.lowering import Target
from tests.reference.layer_bench import LayerBench
from tests.reference.layer_twin import LayerTwin, compare, normal
from tests.reference.parameter_bench import ParameterBench

SHAPES = [(7,), (96,), (5, 33), (8, 16), (3, 5, 20), (4, 4, 100), (2, 4099), (9, 4096)]
PLAIN: list[dict[str, Any]] = [{"type": "layer_normalization"}, {"type": "rms_normalization"}]
KINDS: list[dict[str, Any]] = [
    *PLAIN,
    {"type": "layer_normalization", "center": False, "epsilon": 1e-6},
    {"type": "layer_normalization", "scale": False},
    {"type": "layer_normalization", "scale": False, "center": False},
    {"type": "rms_normalization", "scale": False},
]


WIDE = Target(16, 32)


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("config", KINDS, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_rows_are_normalized_as_by_the_twin(
    shape: tuple[int, ...], config: dict[str, Any], accumulate: bool
) -> None:
    x = normal(3, *shape) + np.float32(0.5)
    compare(ParameterBench(config, x, target=WIDE, accumulate=accumulate), x, config)


def test_without_parameters_rows_have_mean_0_and_variance_1() -> None:
    config = {"type": "layer_normalization", "center": False, "scale": False, "epsilon": 0.0}
    y = LayerBench(config, 5 + 3 * normal(2, 6, 6, 40)).forward()
    np.testing.assert_allclose(y.mean(-1), 0, atol=1e-6)
    np.testing.assert_allclose(y.var(-1), 1, rtol=1e-5)


@pytest.mark.parametrize("place", [0, 1, 50])
def test_one_number_far_from_the_others_costs_no_digits(place: int) -> None:
    x, dy = normal(2, 9, 64), normal(2, 9, 64, seed=1)
    x[..., place] += 1000
    bench = ParameterBench("layer_normalization", x, target=WIDE)
    twin = LayerTwin(bench, x, PLAIN[0])
    # The others lie 1e-2 apart; of their differences from the mean seven digits are kept.
    np.testing.assert_allclose(bench.forward(), twin.y, rtol=3e-6, atol=1e-6)
    (dx,) = bench.backward(dy)
    wanted = twin.backward(dy)
    assert np.linalg.norm(dx - wanted) < 3e-6 * np.linalg.norm(wanted)


@pytest.mark.parametrize("features", [64, 9000])
def test_a_mean_far_from_0_costs_no_more_digits_than_it_takes(features: int) -> None:
    x = 1000 + normal(2, 9, features)
    config = {"type": "layer_normalization", "center": False, "scale": False}
    bench = ParameterBench(config, x, target=WIDE)
    # Numbers near 1000 are 6e-5 apart, their mean no less; their deviation is 1.
    np.testing.assert_allclose(bench.forward(), LayerTwin(bench, x, config).y, atol=1e-4)


@pytest.mark.parametrize("value", [0.0, 3.7, -1e6])
def test_a_constant_row_becomes_beta(value: float) -> None:
    x = np.full((2, 9, 37), value, np.float32)
    np.testing.assert_allclose(LayerBench("layer_normalization", x).forward(), 0, atol=1e-5)


@pytest.mark.parametrize("config", PLAIN, ids=str)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_spoils_its_row_alone(config: dict[str, Any], bad: float) -> None:
    x = normal(2, 11, 24)
    x[1, 6, 3] = bad
    y = LayerBench(config, x).forward()
    assert np.isnan(y[1, 6, 3])
    y[1, 6] = 0
    assert np.isfinite(y).all()
