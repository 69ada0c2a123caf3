from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.kernels.functions import (
    cosine,
    exp,
    expm1,
    log,
    log1p,
    sigmoid,
    sine,
    softplus,
    tanh,
)
from dltrain.kernels.kernel import device

BOUND = 3e-7
"""The error that `dltrain.kernels.functions` promises, relative."""
NORMAL = 1.2e-38


# One mapping loop each: compiled code finds a function by its name in the module.
def map_exp(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = exp(x[i])


def map_expm1(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = expm1(x[i])


def map_log(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = log(x[i])


def map_log1p(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = log1p(x[i])


def map_sigmoid(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = sigmoid(x[i])


def map_softplus(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = softplus(x[i])


def map_tanh(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = tanh(x[i])


def map_sine(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = sine(x[i])


def map_cosine(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = cosine(x[i])


def evaluate(function: Callable[..., None], x: Any) -> NDArray[np.float32]:
    x = np.atleast_1d(np.asarray(x, np.float32))
    y: NDArray[np.float32] = np.empty_like(x)
    device(function)(x, y)
    return y


CASES: dict[str, tuple[Callable[..., None], Callable[..., Any], float, float]] = {
    "exp": (map_exp, np.exp, -87, 88.7),
    "expm1": (map_expm1, np.expm1, -60, 0),
    "log": (map_log, np.log, 0, 50),
    "log1p": (map_log1p, np.log1p, 0, 1),
    "sigmoid": (map_sigmoid, lambda x: 1 / (1 + np.exp(-x)), -87, 60),
    "softplus": (map_softplus, lambda x: np.logaddexp(0, x), -87, 60),
    "tanh": (map_tanh, np.tanh, -30, 30),
    "sine": (map_sine, lambda q: np.sin(q * np.pi / 2), -0.5, 0.5),
    "cosine": (map_cosine, lambda q: np.cos(q * np.pi / 2), -0.5, 0.5),
}


@pytest.mark.parametrize("name", CASES)
def test_a_function_keeps_its_promised_error(name: str) -> None:
    function, reference, low, high = CASES[name]
    even = np.linspace(low, high, 40001)
    near = np.geomspace(1e-37, max(abs(low), high), 20001)
    x = np.concatenate([even, near, -near]).astype(np.float32)
    x = x[(x >= low) & (x <= high)]
    with np.errstate(divide="ignore"):
        expected = reference(x.astype(float))
    judged = np.isfinite(expected) & (np.abs(expected) > NORMAL)
    error = np.abs(evaluate(function, x)[judged] - expected[judged]) / np.abs(expected[judged])
    assert error.max() < BOUND


@pytest.mark.parametrize("name", CASES)
def test_nan_stays_nan_among_others(name: str) -> None:
    x = np.full(67, 0.5 if name != "expm1" else -0.5, np.float32)
    x[40] = np.nan
    assert np.flatnonzero(np.isnan(evaluate(CASES[name][0], x))).tolist() == [40]


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("exp", [np.inf, 100, 0, -200, -np.inf], [np.inf, np.inf, 1, 0, 0]),
        ("expm1", [0, -100, -np.inf], [0, -1, -1]),
        ("log", [np.inf, 1, 0], [np.inf, 0, -np.inf]),
        ("log1p", [0], [0]),
        ("sigmoid", [np.inf, 100, 0, -200, -np.inf], [1, 1, 0.5, 0, 0]),
        ("softplus", [np.inf, 200, -200, -np.inf], [np.inf, 200, 0, 0]),
        ("tanh", [np.inf, 100, 0, -100, -np.inf], [1, 1, 0, -1, -1]),
    ],
)
def test_the_ends_of_the_range_are_exact(name: str, x: list[float], expected: list[float]) -> None:
    np.testing.assert_array_equal(evaluate(CASES[name][0], x), np.asarray(expected, np.float32))


def test_log_of_a_negative_number_is_nan_and_subnormal_numbers_count() -> None:
    tiny = np.float32(1e-42)
    y = evaluate(map_log, [-1.0, -np.inf, tiny])
    assert np.isnan(y[:2]).all()
    assert y[2] == pytest.approx(math.log(float(tiny)), rel=1e-6)


def test_exp_underflows_gradually() -> None:
    x = np.linspace(-103, -87.5, 101, dtype=np.float32)
    expected = np.exp(x.astype(float))
    np.testing.assert_allclose(evaluate(map_exp, x), expected, atol=2e-45, rtol=BOUND)
