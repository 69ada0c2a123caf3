from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dltrain.core.errors import ShapeError
from dltrain.losses.base import Loss
from tests.reference import losses as twins
from tests.reference.bench import Bench

NAMES = ("categorical_crossentropy", "binary_crossentropy", "mean_squared_error")
SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 21))
quick = settings(max_examples=8, deadline=None)


def value_of(name: str, z: NDArray[Any], target: NDArray[Any]) -> float:
    result: float = getattr(twins, name)(z.astype(float), target)
    return result


def gradient_of(name: str, z: NDArray[Any], target: NDArray[Any]) -> NDArray[Any]:
    result: NDArray[Any] = getattr(twins, f"{name}_gradient")(z.astype(float), target)
    return result


def run(fields: Any, z: NDArray[np.float32], target: NDArray[Any], accumulate: bool) -> Bench:
    bench = Bench(z, y=z.copy(), target=target, accumulate=accumulate)
    loss = Loss.parse(fields)
    loss.forward(bench)
    loss.backward(bench)
    return bench


def draw(shape: tuple[int, ...], seed: int, dense: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    random = np.random.default_rng(seed)
    z = random.normal(0, 2, shape).astype(np.float32)
    if dense:
        return z, random.random(shape, np.float32)
    return z, random.integers(0, max(shape[-1], 2), shape[:-1], np.int32)


@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_of_a_twin_is_its_finite_difference(name: str) -> None:
    z, target = draw((2, 2, 3), 0, dense=True)
    z, target, h = z.astype(float), target.astype(float), 1e-6
    steps = (h * np.eye(z.size)).reshape(-1, *z.shape)
    difference = [
        (value_of(name, z + s, target) - value_of(name, z - s, target)) / (2 * h) for s in steps
    ]
    np.testing.assert_allclose(gradient_of(name, z, target).ravel(), difference, atol=1e-8)


@pytest.mark.parametrize("name", NAMES)
@quick
@given(shape=SHAPES, seed=st.integers(0, 999), dense=st.booleans(), accumulate=st.booleans())
def test_a_loss_and_its_gradient_are_those_of_the_twin(
    name: str, shape: tuple[int, ...], seed: int, dense: bool, accumulate: bool
) -> None:
    if name == "categorical_crossentropy":
        shape = (*shape[:-1], max(shape[-1], 2))
    z, target = draw(shape, seed, dense)
    bench = run(name, z, target, accumulate)
    full = target.astype(float) if dense else twins.one_hot(target, shape[-1])
    assert bench.sum[0] / len(z) == pytest.approx(value_of(name, z, full), rel=1e-6, abs=1e-7)
    expected = gradient_of(name, z, full)
    np.testing.assert_allclose(bench.gradient, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("dense", [False, True])
def test_label_smoothing_spreads_a_share_of_the_target(dense: bool) -> None:
    z, labels = draw((3, 2, 5), 1, dense=False)
    full = twins.one_hot(labels, 5)
    target = full.astype(np.float32) if dense else labels
    fields = {"type": "categorical_crossentropy", "label_smoothing": 0.1}
    bench = run(fields, z, target, accumulate=False)
    full = twins.smoothed(full, 0.1)
    expected = value_of("categorical_crossentropy", z, full)
    assert bench.sum[0] / 3 == pytest.approx(expected, rel=1e-6)
    gradient = gradient_of("categorical_crossentropy", z, full)
    np.testing.assert_allclose(bench.gradient, gradient, atol=1e-6)


@pytest.mark.parametrize("name", NAMES[:2])
def test_a_fused_loss_takes_logits_that_would_overflow(name: str) -> None:
    z = np.array([[[300.0, -300.0]]], np.float32)
    bench = run(name, z, np.array([[[0.0, 1.0]]], np.float32), accumulate=False)
    assert bench.sum[0] == pytest.approx(600 if name.startswith("cat") else 300)
    assert np.isfinite(bench.gradient).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("label", [-1, 3, 2**31 - 1])
def test_a_label_that_is_no_class_makes_the_loss_nan(name: str, label: int) -> None:
    z = np.zeros((1, 1, 3), np.float32)
    assert np.isnan(run(name, z, np.array([[label]], np.int32), accumulate=False).sum[0])


@pytest.mark.parametrize("name", NAMES)
def test_nan_in_the_output_makes_the_loss_nan(name: str) -> None:
    z = np.zeros((2, 1, 3), np.float32)
    z[1, 0, 2] = np.nan
    assert np.isnan(run(name, z, np.zeros((2, 1), np.int32), accumulate=False).sum[0])


def test_cross_entropy_wants_a_softmax_and_says_what_to_write() -> None:
    with pytest.raises(ShapeError, match="linear") as caught:
        Loss.parse("categorical_crossentropy").check((10,), "linear", 10)
    assert caught.value.hint == "write `activation: softmax` in the last layer"
    with pytest.raises(ShapeError, match="softmax"):
        Loss.parse("binary_crossentropy").check((10,), "softmax", 10)


@pytest.mark.parametrize(
    ("name", "last"), [(NAMES[0], "softmax"), (NAMES[1], "sigmoid"), (NAMES[2], "linear")]
)
def test_units_other_than_the_classes_are_refused_with_both_numbers(name: str, last: str) -> None:
    loss = Loss.parse(name)
    with pytest.raises(ShapeError, match=r"12 numbers.* 10 classes") as caught:
        loss.check((12,), last, 10)
    assert caught.value.field == "units"
    loss.check((10,), last, 10)
    loss.check((12,), last, None)


def test_one_unit_is_enough_for_two_classes_of_a_sigmoid() -> None:
    Loss.parse("binary_crossentropy").check((1,), "sigmoid", 2)
    with pytest.raises(ShapeError):
        Loss.parse("categorical_crossentropy").check((1,), "softmax", 2)
