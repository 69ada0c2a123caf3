from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dltrain.activations.base import Activation
from tests.reference.activations import TWINS, softmax, softmax_gradient
from tests.reference.bench import Bench

FIELDS: dict[str, Any] = {"approximate_gelu": {"type": "gelu", "approximate": True}}
SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 37))
quick = settings(max_examples=8, deadline=None)


def activation(name: str) -> Activation:
    component: Activation = Activation.parse(FIELDS.get(name, name))
    return component


def draw(shape: tuple[int, ...], seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 3, shape).astype(np.float32)


def run(name: str, x: NDArray[np.float32], dy: NDArray[np.float32], accumulate: bool) -> Bench:
    bench = Bench(x, dy=dy, accumulate=accumulate)
    activation(name).forward(bench)  # type: ignore[arg-type]
    activation(name).backward(bench)  # type: ignore[arg-type]
    return bench


def test_every_activation_has_a_twin() -> None:
    assert {*TWINS, "softmax"} == {*Activation.registry(), "approximate_gelu"}


@pytest.mark.parametrize("name", TWINS)
def test_the_slope_of_a_twin_is_its_finite_difference(name: str) -> None:
    x = np.array([-7.3, -3.2, -1.7, -0.4, 0.3, 1.1, 2.6, 3.4, 6.2, 8.1])
    twin, h = TWINS[name], 1e-5
    difference = (twin.value(x + h) - twin.value(x - h)) / (2 * h)
    np.testing.assert_allclose(twin.slope(x), difference, atol=1e-8)


@pytest.mark.parametrize("name", TWINS)
@quick
@given(shape=SHAPES, seed=st.integers(0, 10**6), accumulate=st.booleans())
def test_an_activation_and_its_gradient_are_those_of_the_twin(
    name: str, shape: tuple[int, ...], seed: int, accumulate: bool
) -> None:
    x, dy = draw(shape, seed), draw(shape, seed + 1)
    bench = run(name, x, dy, accumulate)
    np.testing.assert_allclose(bench.y, TWINS[name].value(x.astype(float)), rtol=1e-6, atol=1e-6)
    slope = TWINS[name].slope(x.astype(float))
    np.testing.assert_allclose(bench.gradient, slope * dy, rtol=4e-6, atol=4e-6)


@quick
@given(shape=SHAPES, seed=st.integers(0, 10**6), accumulate=st.booleans())
def test_softmax_and_its_gradient_are_those_of_the_twin(
    shape: tuple[int, ...], seed: int, accumulate: bool
) -> None:
    x, dy = draw(shape, seed), draw(shape, seed + 1)
    bench = run("softmax", x, dy, accumulate)
    np.testing.assert_allclose(bench.y, softmax(x.astype(float)), rtol=2e-6, atol=1e-7)
    expected = softmax_gradient(x.astype(float), dy.astype(float))
    np.testing.assert_allclose(bench.gradient, expected, rtol=1e-5, atol=4e-6)


def test_the_gradient_of_the_softmax_twin_is_its_finite_difference() -> None:
    x, dy, h = np.array([0.3, -1.2, 2.0]), np.array([1.0, -0.5, 0.25]), 1e-6
    difference = [
        ((softmax(x + step) - softmax(x - step)) * dy).sum() / (2 * h) for step in h * np.eye(3)
    ]
    np.testing.assert_allclose(softmax_gradient(x, dy), difference, atol=1e-8)


@pytest.mark.parametrize("name", [*TWINS, "softmax"])
def test_nan_survives(name: str) -> None:
    x = draw((2, 1, 21), 0)
    x[1, 0, 17] = np.nan
    bench = run(name, x, np.ones_like(x), accumulate=False)
    assert np.isnan(bench.y[1, 0, 17])
    assert np.isfinite(bench.y[0]).all()


@pytest.mark.parametrize("name", TWINS)
def test_large_inputs_saturate_without_nan(name: str) -> None:
    x = np.array([[[-1e30, -200.0, -100.0, -0.0, 0.0, 100.0, 200.0, 1e30]]], np.float32)
    bench = run(name, x, np.ones_like(x), accumulate=False)
    with np.errstate(over="ignore"):
        expected = TWINS[name].value(x.astype(float))
    np.testing.assert_allclose(bench.y, expected, rtol=1e-6, atol=1e-30)
    assert np.isfinite(bench.gradient).all()


def test_softmax_takes_large_logits_and_masked_ones() -> None:
    x = np.array([[[1e30, 0.0, -np.inf, 1e30]]], np.float32)
    bench = run("softmax", x, np.ones_like(x), accumulate=False)
    np.testing.assert_array_equal(bench.y[0, 0], [0.5, 0, 0, 0.5])
