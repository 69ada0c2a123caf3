from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.kernels.kernel import device
from dltrain.kernels.normal import normal_share, normal_slope

BOUND = 2.5e-7
"""The error that `dltrain.kernels.normal` promises."""


def map_share(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = normal_share(x[i])


def map_slope(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = normal_slope(x[i])


def share(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


def slope(x: float) -> float:
    return share(x) + x * math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


CASES = {"share": (map_share, share), "slope": (map_slope, slope)}
every = pytest.mark.parametrize("name", CASES)


def evaluate(name: str, x: Any) -> NDArray[np.float32]:
    x = np.atleast_1d(np.asarray(x, np.float32))
    y: NDArray[np.float32] = np.empty_like(x)
    device(CASES[name][0])(x, y)
    return y


@every
def test_the_error_is_what_is_promised(name: str) -> None:
    near = np.geomspace(1e-30, 10, 20001)
    x = np.concatenate([np.linspace(-10, 10, 200001), near, -near]).astype(np.float32)
    wanted = np.array([CASES[name][1](float(value)) for value in x])
    assert np.abs(evaluate(name, x) - wanted).max() < BOUND


@every
def test_far_out_nothing_or_all_is_below(name: str) -> None:
    far = [-np.inf, -3e38, -100, -6, 6, 100, 3e38, np.inf]
    np.testing.assert_array_equal(evaluate(name, far), [0, 0, 0, 0, 1, 1, 1, 1])


@every
def test_nan_stays_nan_among_others(name: str) -> None:
    x = np.full(67, 0.5, np.float32)
    x[40] = np.nan
    assert np.flatnonzero(np.isnan(evaluate(name, x))).tolist() == [40]
