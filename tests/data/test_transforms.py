from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dltrain.core.errors import ShapeError
from dltrain.data.transforms.base import Transform
from dltrain.data.transforms.normalize import Normalize


@pytest.mark.parametrize("name", list(Transform.registry()))
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_shape_rule_is_the_real_shape(name: str, dtype: Any, channels: int) -> None:
    fields = {"resize": {"size": [5, 9]}, "normalize": {"mean": 0.5, "std": [0.1]}}.get(name, {})
    transform = Transform.parse({"type": name, **fields})
    if not transform.on_pixels and dtype is not np.float32:
        return
    x = np.full((2, 4, 6, channels), 3, dtype)
    y = transform.apply(x)
    assert y.shape == (2, *transform.output_shape((4, 6, channels)))
    assert y.dtype == dtype
    if transform.on_pixels:
        assert abs(float(y.mean()) - 3) < 1e-3


def test_a_transform_reads_back_from_what_it_dumps() -> None:
    transform = Transform.parse({"type": "normalize", "mean": [0.1, 0.2], "std": "auto"})
    assert Transform.parse(transform.dump()) == transform


@settings(max_examples=25)
@given(
    offset=st.floats(-1e4, 1e4),
    scale=st.floats(0.5, 100),
    sizes=st.lists(st.integers(1, 20), min_size=1, max_size=5),
)
def test_learnt_moments_are_those_of_all_values(
    offset: float, scale: float, sizes: list[int]
) -> None:
    generator = np.random.default_rng(0)
    batches = [(generator.normal(offset, scale, (size, 3, 2))).astype(np.float32) for size in sizes]
    learnt = Normalize().learnt(batches)
    values = np.concatenate(batches).reshape(-1, 2).astype(np.float64)
    np.testing.assert_allclose(learnt.mean, values.mean(axis=0), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(learnt.std, values.std(axis=0), rtol=1e-9)


def test_a_constant_channel_is_divided_by_one() -> None:
    learnt = Normalize().learnt([np.ones((4, 2), np.float32)])
    np.testing.assert_array_equal(learnt.apply(np.ones((1, 2), np.float32)), [[0, 0]])


def test_numbers_that_do_not_fit_the_channels_are_a_shape_error() -> None:
    with pytest.raises(ShapeError, match="mean has 3 numbers"):
        Normalize(mean=(1.0, 2.0, 3.0)).output_shape((8, 8, 1))


def test_resizing_vectors_is_a_shape_error() -> None:
    with pytest.raises(ShapeError, match="vectors"):
        Transform.parse({"type": "resize", "size": [2, 2]}).output_shape((7,))
