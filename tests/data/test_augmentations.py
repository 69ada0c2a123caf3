from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from dltrain.data.augmentations.base import Augmentation
from dltrain.data.augmentations.random_crop import RandomCrop
from dltrain.data.augmentations.random_flip import RandomFlip
from dltrain.data.augmentations.random_rotation import RandomRotation
from dltrain.data.draws import uniform

FIELDS = {"random_crop": {"padding": 2}, "random_rotation": {"degrees": 30}}


@pytest.mark.parametrize("name", list(Augmentation.registry()))
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_shape_and_type_stay(name: str, dtype: Any) -> None:
    augmentation = Augmentation.parse({"type": name, **FIELDS.get(name, {})})
    x = np.random.default_rng(0).integers(0, 200, (5, 7, 6, 3)).astype(dtype)
    draws = uniform(0, "test", 1, np.arange(5), augmentation.draws)
    y = augmentation.apply(x.copy(), draws)
    assert (y.shape, y.dtype) == (x.shape, x.dtype)
    assert not np.array_equal(x, y)


def test_a_flip_mirrors_those_below_one_half() -> None:
    x = np.arange(6, dtype=np.uint8).reshape(2, 1, 3, 1)
    y = RandomFlip().apply(x.copy(), np.array([[0.4, 0.0], [0.6, 0.0]]))
    assert y.reshape(2, 3).tolist() == [[2, 1, 0], [3, 4, 5]]


def test_a_crop_shifts_and_fills_with_black() -> None:
    x = np.ones((1, 3, 3, 1), np.uint8)
    y = RandomCrop(padding=1).apply(x.copy(), np.array([[0.0, 0.5]]))
    assert y[0, :, :, 0].tolist() == [[0, 0, 0], [1, 1, 1], [1, 1, 1]]


def test_a_rotation_by_nothing_changes_nothing() -> None:
    x = np.random.default_rng(0).integers(0, 255, (1, 5, 5, 1), np.uint8)
    y = RandomRotation(degrees=20.0).apply(x.copy(), np.array([[0.5]]))
    np.testing.assert_array_equal(x, y)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**62), epoch=st.integers(0, 10**6))
def test_draws_are_uniform_and_each_is_its_own(seed: int, epoch: int) -> None:
    draws = uniform(seed, "test", epoch, np.arange(2000), 2)
    assert draws.min() >= 0
    assert draws.max() < 1
    assert abs(draws.mean() - 0.5) < 0.03
    assert len(np.unique(draws)) == draws.size
    one = uniform(seed, "test", epoch, np.array([77]), 2)
    np.testing.assert_array_equal(one[0], draws[77])


def test_a_quarter_turn_is_counterclockwise_and_exact() -> None:
    x = np.random.default_rng(0).integers(0, 255, (2, 5, 5, 3), np.uint8)
    y = RandomRotation(degrees=90.0).apply(x.copy(), np.array([[0.0], [1.0]]))
    np.testing.assert_array_equal(y[0], np.rot90(x[0], -1))
    np.testing.assert_array_equal(y[1], np.rot90(x[1]))


@pytest.mark.parametrize("degrees", [7.0, 30.0, 45.0])
def test_a_rotation_agrees_with_an_image_library(degrees: float) -> None:
    ramp = np.add.outer(np.arange(21) * 3, np.arange(17) * 5).astype(np.float32)
    y = RandomRotation(degrees=degrees).apply(
        ramp[np.newaxis, :, :, np.newaxis].copy(), np.array([[1.0]])
    )
    wanted = np.asarray(Image.fromarray(ramp).rotate(degrees, Image.Resampling.BILINEAR))
    np.testing.assert_allclose(y[0, 6:-6, 5:-5, 0], wanted[6:-6, 5:-5], atol=0.01)
