from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dltrain.core.errors import ShapeError
from dltrain.core.labels import VOID
from dltrain.metrics.base import Metric
from tests.reference import losses as twins
from tests.reference.bench import Bench

NAMES = ("mean_iou", "precision", "recall", "f1_score")
quick = settings(max_examples=15, deadline=None)


def measure(
    fields: Any,
    *batches: tuple[NDArray[np.float32], NDArray[Any]],
    activation: str = "softmax",
) -> float:
    """Give a metric over several batches."""
    metric = Metric.parse(fields)
    count = metric.totals(batches[0][0].shape[1:])
    total, positions = np.zeros(count), 0
    for y, target in batches:
        bench = Bench(y, y=y, target=target, totals=count)
        bench.output_activation = activation
        metric.forward(bench)
        total, positions = total + bench.sum, positions + bench.labelled
    return metric.value(total if count > 1 else float(total[0]), positions)


def draw(classes: int, seed: int, samples: int = 4) -> tuple[NDArray[Any], NDArray[Any]]:
    """Give outputs [samples, 3, 2, classes] and labels, some of them void."""
    random = np.random.default_rng(seed)
    y = random.random((samples, 3, 2, classes), np.float32)
    return y, random.integers(-1, classes, y.shape[:-1], np.int32)


def scores(matrix: NDArray[Any]) -> dict[str, NDArray[Any]]:
    right, true, found = np.diag(matrix), matrix.sum(1), matrix.sum(0)
    with np.errstate(invalid="ignore"):
        each = {
            "mean_iou": right / (true + found - right),
            "precision": right / found,
            "recall": right / true,
            "f1_score": 2 * right / (true + found),
        }
    return {name: np.nan_to_num(value) for name, value in each.items()}


@pytest.mark.parametrize("name", NAMES)
@quick
@given(classes=st.integers(2, 7), seed=st.integers(0, 999))
def test_scores_are_those_of_the_confusion_matrix_over_all_batches(
    name: str, classes: int, seed: int
) -> None:
    batches = [draw(classes, seed), draw(classes, seed + 1, samples=2)]
    matrix = sum(twins.confusion(y.argmax(-1), labels, classes) for y, labels in batches)
    each, true = scores(matrix)[name], matrix.sum(1)
    occurs = true + matrix.sum(0) > 0
    assert measure(name, *batches) == pytest.approx(each[occurs].mean())
    if name == "mean_iou":
        assert measure(name, *batches) == pytest.approx(twins.mean_iou(matrix))
        return
    assert measure({"type": name, "average": "weighted"}, *batches) == pytest.approx(
        (each * true).sum() / true.sum()
    )
    accuracy = np.trace(matrix) / matrix.sum()
    assert measure({"type": name, "average": "micro"}, *batches) == pytest.approx(accuracy)


@pytest.mark.parametrize("name", NAMES)
def test_one_class_can_be_measured_alone(name: str) -> None:
    y, labels = draw(4, 0, samples=9)
    each = scores(twins.confusion(y.argmax(-1), labels, 4))[name]
    for class_id in range(4):
        found = measure({"type": name, "class_id": class_id}, (y, labels))
        assert found == pytest.approx(each[class_id])


@pytest.mark.parametrize("name", NAMES)
def test_dense_targets_and_labels_agree(name: str) -> None:
    y, labels = draw(4, 1)
    labels = np.maximum(labels, 0)
    full = twins.one_hot(labels, 4).astype(np.float32)
    assert measure(name, (y, labels)) == measure(name, (y, full))


@pytest.mark.parametrize("name", NAMES)
def test_one_unit_tells_two_classes(name: str) -> None:
    y, _ = draw(1, 2, samples=9)
    labels = np.random.default_rng(3).integers(0, 2, y.shape[:-1], np.int32)
    each = scores(twins.confusion((y[..., 0] > 0.5).astype(int), labels, 2))[name]
    target = labels[..., None].astype(np.float32)
    for batch in ((y, labels), (y, target)):
        assert measure(name, batch, activation="sigmoid") == pytest.approx(each.mean())


@pytest.mark.parametrize("name", NAMES)
def test_several_sigmoids_are_measured_each_by_itself(name: str) -> None:
    random = np.random.default_rng(4)
    y, target = random.random((2, 30, 3), np.float32)
    target = np.round(target)
    each = []
    for unit in range(3):
        found = (y[:, unit] > 0.5).astype(int)
        matrix = twins.confusion(found, target[:, unit].astype(int), 2)
        each.append(scores(matrix)[name][1])
    assert measure(name, (y, target), activation="sigmoid") == pytest.approx(np.mean(each))


@pytest.mark.parametrize("name", NAMES)
def test_nan_is_found_to_be_nothing(name: str) -> None:
    y = np.full((3, 4), np.nan, np.float32)
    assert measure(name, (y, np.zeros(3, np.int32))) == 0
    y[0] = [0, 1, 0, 0]
    assert measure(name, (y, np.ones(3, np.int32))) == pytest.approx(
        {"precision": 1, "f1_score": 0.5}.get(name, 1 / 3)
    )


@pytest.mark.parametrize("name", NAMES)
def test_nothing_measured_is_0_and_no_error(name: str) -> None:
    y = np.zeros((2, 3), np.float32)
    assert measure(name, (y, np.full(2, VOID, np.int32))) == 0


@pytest.mark.parametrize("name", ["accuracy", "top_k_accuracy", "binary_accuracy"])
def test_means_leave_out_what_has_no_label(name: str) -> None:
    y, labels = draw(4, 5, samples=9)
    kept = labels != VOID
    assert kept.sum() < kept.size
    assert measure(name, (y, labels)) == pytest.approx(measure(name, (y[kept], labels[kept])))


def test_a_class_that_is_not_there_is_refused_with_those_that_are() -> None:
    for name in NAMES:
        metric = Metric.parse({"type": name, "class_id": 3})
        with pytest.raises(ShapeError, match="no class 3: the network tells 3 classes") as caught:
            metric.check((3,), 3)
        assert caught.value.field == "class_id"
        metric.check((4, 4, 4), 4)
