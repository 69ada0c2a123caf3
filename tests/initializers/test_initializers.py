from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.seeds import stream
from dltrain.initializers.base import Initializer, fans

SHAPE = (3, 3, 40, 60)
INPUTS, OUTPUTS = 360, 540


def sample(fields: Any, shape: tuple[int, ...] = SHAPE, seed: int = 0) -> Any:
    return Initializer.parse(fields).sample(stream(seed, "initial"), shape)


def test_fans_count_the_window_of_a_convolution() -> None:
    assert fans(SHAPE) == (INPUTS, OUTPUTS)
    assert fans((7, 5)) == (7, 5)
    assert fans((7,)) == (7, 7)


@pytest.mark.parametrize("name", Initializer.registry())
def test_samples_are_float32_of_the_shape_and_repeat_with_the_seed(name: str) -> None:
    first = sample(name)
    assert first.dtype == np.float32
    assert first.shape == SHAPE
    np.testing.assert_array_equal(first, sample(name))


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("glorot", 2 / (INPUTS + OUTPUTS)),
        ("he", 2 / INPUTS),
        ("lecun", 1 / INPUTS),
    ],
)
def test_scaled_initializers_have_the_variance_of_their_paper(name: str, variance: float) -> None:
    uniform, normal = sample(f"{name}_uniform"), sample(f"{name}_normal")
    assert np.var(uniform) == pytest.approx(variance, rel=0.03)
    assert np.var(normal) == pytest.approx(variance, rel=0.03)
    assert np.abs(uniform).max() <= np.sqrt(3 * variance) * (1 + 1e-6)
    assert np.abs(normal).max() <= 2 * np.sqrt(variance) / 0.8796 * (1 + 1e-6)


def test_plain_distributions_follow_their_fields() -> None:
    normal = sample({"type": "random_normal", "mean": 1.0, "stddev": 0.5})
    assert normal.mean() == pytest.approx(1, abs=0.01)
    assert normal.std() == pytest.approx(0.5, rel=0.02)
    cut = sample({"type": "truncated_normal", "mean": 1.0, "stddev": 0.5})
    assert np.abs(cut - 1).max() <= 1.000001
    assert cut.std() == pytest.approx(0.5 * 0.8796, rel=0.02)
    even = sample({"type": "random_uniform", "minval": 2.0, "maxval": 3.0})
    assert even.min() >= 2
    assert even.max() <= 3
    assert even.mean() == pytest.approx(2.5, abs=0.01)


def test_fixed_values() -> None:
    assert not sample("zeros").any()
    assert (sample("ones") == 1).all()
    assert (sample({"type": "constant", "value": 0.25}) == 0.25).all()


@pytest.mark.parametrize("shape", [(8, 5), (5, 8), (2, 2, 3, 6)])
def test_orthogonal_columns_or_rows_are_at_right_angles(shape: tuple[int, ...]) -> None:
    matrix = sample({"type": "orthogonal", "gain": 2.0}, shape).reshape(-1, shape[-1])
    if matrix.shape[0] < matrix.shape[1]:
        matrix = matrix.T
    np.testing.assert_allclose(matrix.T @ matrix, 4 * np.eye(matrix.shape[1]), atol=1e-5)


def test_another_seed_gives_other_values() -> None:
    assert (sample("glorot_uniform") != sample("glorot_uniform", seed=1)).any()
