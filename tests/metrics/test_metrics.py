from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dltrain.metrics.base import Metric
from tests.reference import losses as twins
from tests.reference.bench import Bench

quick = settings(max_examples=10, deadline=None)


def measure(fields: Any, y: NDArray[np.float32], target: NDArray[Any]) -> float:
    metric = Metric.parse(fields)
    bench = Bench(y, y=y, target=target, totals=metric.totals(y.shape[1:]))
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


@pytest.mark.parametrize("name", ["mean_absolute_error", "mean_squared_error"])
def test_distances_are_means_over_all_outputs(name: str) -> None:
    random = np.random.default_rng(0)
    y, target = random.random((2, 4, 3, 5), np.float32)
    difference = y.astype(float) - target
    power = 1 if name == "mean_absolute_error" else 2
    expected = np.mean(np.abs(difference) ** power)
    assert measure(name, y, target) == pytest.approx(expected, rel=1e-6)
