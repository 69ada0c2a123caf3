from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dltrain.metrics.base import Metric
from tests.reference import losses as twins
from tests.reference.bench import Bench

Scales = tuple[tuple[float, float], ...]
ERRORS: dict[str, Callable[[NDArray[Any], NDArray[Any]], Any]] = {
    "mean_absolute_error": lambda y, t: np.mean(np.abs(y - t)),
    "mean_squared_error": lambda y, t: np.mean((y - t) ** 2),
    "root_mean_squared_error": lambda y, t: np.sqrt(np.mean((y - t) ** 2)),
    "mean_absolute_percentage_error": lambda y, t: 100 * np.mean(np.abs((y - t) / t)),
    "r2_score": twins.r2_score,
}
"""Metrics of numbers, in float64."""
quick = settings(max_examples=10, deadline=None)


def measure(
    fields: Any, y: NDArray[np.float32], target: NDArray[Any], scales: Scales = ()
) -> float:
    metric = Metric.parse(fields)
    bench = Bench(y, y=y, target=target, totals=metric.totals(y.shape[1:]), scales=scales)
    metric.forward(bench)
    total = float(bench.sum[0]) if len(bench.sum) == 1 else bench.sum
    return metric.value(total, bench.labelled)


@quick
@given(
    classes=st.integers(2, 12), k=st.integers(1, 5), seed=st.integers(0, 999), dense=st.booleans()
)
def test_top_k_accuracy_counts_as_the_twin_does_with_ties(
    classes: int, k: int, seed: int, dense: bool
) -> None:
    random = np.random.default_rng(seed)
    y = random.integers(0, 4, (6, 2, classes)).astype(np.float32)
    labels = random.integers(0, classes, (6, 2), np.int32)
    full = twins.one_hot(labels, classes)
    target = full.astype(np.float32) if dense else labels
    expected = twins.top_k_accuracy(y.astype(float), full, k)
    assert measure({"type": "top_k_accuracy", "k": k}, y, target) == pytest.approx(expected)
    if k == 1:
        assert measure("accuracy", y, target) == pytest.approx(expected)


@quick
@given(units=st.integers(1, 6), seed=st.integers(0, 999))
def test_binary_accuracy_counts_as_the_twin_does(units: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    y = random.random((5, 3, units), np.float32)
    target = random.integers(0, 2, y.shape).astype(np.float32)
    expected = twins.binary_accuracy(y.astype(float), target.astype(float))
    assert measure("binary_accuracy", y, target) == pytest.approx(expected)


def test_accuracy_of_one_unit_is_by_its_side_of_one_half() -> None:
    y = np.array([[0.2], [0.5], [0.7], [0.9]], np.float32)
    assert measure("accuracy", y, np.array([[0], [1], [1], [0]], np.int32)) == 0.5


def test_nan_is_never_right() -> None:
    y = np.full((3, 4), np.nan, np.float32)
    assert measure("accuracy", y, np.zeros((3, 1), np.int32)) == 0
    assert measure("binary_accuracy", y, np.zeros((3, 4), np.float32)) == 0


@pytest.mark.parametrize("name", ERRORS)
@quick
@given(
    shape=st.tuples(st.integers(3, 9), st.integers(1, 3), st.integers(1, 17)),
    seed=st.integers(0, 999),
)
def test_errors_are_those_of_numpy(name: str, shape: tuple[int, ...], seed: int) -> None:
    random = np.random.default_rng(seed)
    y, target = random.normal(size=(2, *shape)).astype(np.float32)
    expected = ERRORS[name](y.astype(float), target.astype(float))
    assert measure(name, y, target) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_measured_in_the_units_of_the_data(name: str) -> None:
    random = np.random.default_rng(0)
    y, target = random.normal(size=(2, 6, 3)).astype(np.float32)
    scales = ((100.0, 7.0), (0.5, -3.0), (1e6, 1e7))
    factor, offset = np.array(scales).T
    expected = ERRORS[name](y * factor + offset, target * factor + offset)
    assert measure(name, y, target, scales) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", ERRORS)
def test_errors_of_labels_are_those_of_one_hot_targets(name: str) -> None:
    random = np.random.default_rng(0)
    y, labels = random.random((4, 2, 3), np.float32), np.array([[0, 1], [2, 2], [1, 0], [0, 2]])
    full = twins.one_hot(labels, 3).astype(np.float32)
    assert measure(name, y, labels.astype(np.int32)) == measure(name, y, full)


@pytest.mark.parametrize("name", ERRORS)
def test_nan_in_an_output_is_nan_in_an_error(name: str) -> None:
    y = np.array([[1, np.nan], [2, 3]], np.float32)
    assert np.isnan(measure(name, y, np.array([[1, 2], [3, 5]], np.float32)))


def test_a_target_of_zero_is_divided_by_as_keras_does() -> None:
    y, target = np.array([[1.0]], np.float32), np.zeros((1, 1), np.float32)
    assert measure("mean_absolute_percentage_error", y, target) == pytest.approx(1e9)


def test_the_score_of_targets_that_are_all_the_same_is_one_or_zero() -> None:
    target = np.full((3, 1), 0.1, np.float32)
    assert measure("r2_score", target.copy(), target) == 1
    assert measure("r2_score", target + 1, target) == 0
