"""Group and instance normalization: channels of a sample, over all its pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import ShapeError
from dltrain.core.lowering import Target
from dltrain.layers.base import Layer
from tests.reference.layer_bench import LayerBench
from tests.reference.layer_twin import LayerTwin, compare, normal
from tests.reference.parameter_bench import ParameterBench

CASES: list[tuple[tuple[int, ...], int]] = [
    ((12,), 3),
    ((9, 6), 2),
    ((17, 10), 5),
    ((4, 4, 32), 32),
    ((5, 7, 36), 4),
    ((1, 1, 20), 2),
    ((33, 31, 3), 3),
    ((16, 16, 1), 1),
    ((3, 3, 130), -1),
]
WIDE = Target(16, 32)
FLAGS: list[dict[str, Any]] = [
    {},
    {"center": False},
    {"scale": False},
    {"center": False, "scale": False},
]


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("flags", FLAGS, ids=str)
@pytest.mark.parametrize(("shape", "groups"), CASES)
def test_groups_are_normalized_as_by_the_twin(
    shape: tuple[int, ...], groups: int, flags: dict[str, Any], accumulate: bool
) -> None:
    config = {"type": "group_normalization", "groups": groups, **flags}
    x = normal(3, *shape) + np.float32(0.5)
    compare(ParameterBench(config, x, target=WIDE, accumulate=accumulate), x, config)


@pytest.mark.parametrize("shape", [(40, 5), (6, 9, 17)])
def test_instances_are_groups_of_one_channel(shape: tuple[int, ...]) -> None:
    x, config = normal(2, *shape), {"type": "instance_normalization"}
    compare(ParameterBench(config, x, target=WIDE), x, config)
    found = LayerBench("instance_normalization", x).forward()
    grouped = LayerBench({"type": "group_normalization", "groups": -1}, x).forward()
    np.testing.assert_array_equal(found, grouped)


def test_rows_unlike_the_first_ones_cost_no_digits() -> None:
    x, config = normal(2, 40, 40, 8), {"type": "group_normalization", "groups": 4}
    x[:, 0] += 1000
    compare(ParameterBench(config, x, target=WIDE), x, config)


def test_a_mean_far_from_0_costs_no_more_digits_than_it_takes() -> None:
    x = 1000 + normal(2, 50, 50, 6)
    config = {"type": "group_normalization", "groups": 2, "center": False, "scale": False}
    bench = ParameterBench(config, x, target=WIDE)
    # Numbers near 1000 are 6e-5 apart, their mean no less; their deviation is 1.
    np.testing.assert_allclose(bench.forward(), LayerTwin(bench, x, config).y, atol=1e-4)


@pytest.mark.parametrize("epsilon", [0.0, 1e-3])
def test_a_constant_channel_has_no_nan_where_epsilon_allows(epsilon: float) -> None:
    x = np.full((2, 9, 9, 4), 3.7, np.float32)
    x[..., 1] = normal(2, 9, 9)
    config = {"type": "instance_normalization", "epsilon": epsilon}
    y = LayerBench(config, x).forward()
    assert np.isfinite(y[..., 1]).all()
    if epsilon:
        np.testing.assert_allclose(y[..., [0, 2, 3]], 0, atol=1e-4)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_spoils_its_group_alone(bad: float) -> None:
    x = normal(2, 5, 5, 6)
    x[1, 3, 2, 4] = bad
    y = LayerBench({"type": "group_normalization", "groups": 3}, x).forward()
    assert np.isnan(y[1, 3, 2, 4])
    y[1, ..., 4:] = 0
    assert np.isfinite(y).all()


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        ("group_normalization", (8, 8, 20), "20 channels do not make up 32 groups of one size"),
        ({"type": "group_normalization", "groups": 3}, (8,), "8 channels do not make up 3 groups"),
        ("instance_normalization", (8,), "takes sequences or images, but receives vectors"),
    ],
)
def test_shapes_that_cannot_be_normalized_are_refused(
    layer: Any, shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ShapeError, match=message) as caught:
        Layer.parse(layer).output_shape(shape)
    assert caught.value.hint


def test_the_hint_names_the_groups_that_fit() -> None:
    with pytest.raises(ShapeError) as caught:
        Layer.parse("group_normalization").output_shape((8, 8, 12))
    assert caught.value.hint == "use one of 1, 2, 3, 4, 6, 12 groups"
