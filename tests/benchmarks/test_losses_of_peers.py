"""Losses and metrics against Keras and PyTorch in float64, one answer for each pixel."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.core.labels import VOID
from dltrain.losses.base import Loss
from dltrain.metrics.base import Metric
from tests.reference.activations import sigmoid, softmax
from tests.reference.bench import Bench

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("default")]

CLASSES = 5
RANDOM = np.random.default_rng(0)
Z = RANDOM.normal(0, 2, (3, 6, 4, CLASSES)).astype(np.float32)
LABELS = RANDOM.integers(0, CLASSES, Z.shape[:-1], np.int32)
HOLES = np.where(RANDOM.random(LABELS.shape) < 0.3, VOID, LABELS).astype(np.int32)
YES_OR_NO = RANDOM.integers(0, 2, Z.shape).astype(np.float32)
ALPHAS = [0.1, 0.2, 0.3, 0.4, 0.5]


@pytest.fixture(scope="module")
def keras() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    return pytest.importorskip("keras", reason="needs the `peers` extra")


@pytest.fixture(scope="module")
def torch() -> Any:
    return pytest.importorskip("torch", reason="needs the `peers` extra")


def run(fields: dict[str, Any], target: NDArray[Any]) -> tuple[float, NDArray[np.float32]]:
    loss = Loss.parse(fields)
    y = softmax(Z.astype(np.float64)).astype(np.float32) if loss.fuses == "softmax" else Z.copy()
    bench = Bench(Z, y=y, target=target)
    loss.forward(bench)
    loss.backward(bench)
    return bench.mean, bench.gradient


def measure(fields: dict[str, Any], y: NDArray[Any], target: NDArray[Any]) -> float:
    metric = Metric.parse(fields)
    bench = Bench(y, y=y, target=target, totals=metric.totals(y.shape[1:]))
    metric.forward(bench)
    total = float(bench.sum[0]) if len(bench.sum) == 1 else bench.sum
    return metric.value(total, bench.labelled)


def one_hot(labels: NDArray[np.int32]) -> NDArray[np.float64]:
    return np.eye(CLASSES)[labels]


@pytest.mark.parametrize(
    ("name", "fields", "target"),
    [
        ("CategoricalCrossentropy", {"label_smoothing": 0.1}, LABELS),
        ("CategoricalFocalCrossentropy", {}, LABELS),
        ("CategoricalFocalCrossentropy", {"alpha": ALPHAS, "gamma": 0.5}, LABELS),
        ("CategoricalFocalCrossentropy", {"gamma": 3.0, "label_smoothing": 0.2}, LABELS),
        ("BinaryFocalCrossentropy", {}, YES_OR_NO),
        ("BinaryFocalCrossentropy", {"gamma": 1.5, "label_smoothing": 0.2}, YES_OR_NO),
        ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "alpha": 0.9}, YES_OR_NO),
    ],
)
def test_losses_have_the_fields_and_values_of_keras(
    keras: Any, name: str, fields: dict[str, Any], target: NDArray[Any]
) -> None:
    kind = Loss.registry()[_snake(name)]
    value, _ = run({"type": kind.type_name, **fields}, target)
    p = (softmax if name.startswith("Cat") else sigmoid)(Z.astype(np.float64))
    full = one_hot(target) if target.dtype == np.int32 else target.astype(np.float64)
    wanted = getattr(keras.losses, name)(**fields, dtype="float64")(full, p)
    assert value == pytest.approx(float(wanted), rel=1e-6)
    defaults = {key: field.default for key, field in kind.model_fields.items()}
    known = getattr(keras.losses, name)().get_config()
    assert {key: known[key] for key in known.keys() & defaults.keys()} == {
        key: defaults[key] for key in known.keys() & defaults.keys()
    }


def test_pixels_without_a_label_are_left_out_as_in_keras(keras: Any) -> None:
    value, _ = run({"type": "categorical_crossentropy"}, HOLES)
    loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=VOID, dtype="float64")
    wanted = loss(HOLES.astype(np.int64), softmax(Z.astype(np.float64)))
    assert value == pytest.approx(float(wanted), rel=1e-6)


@pytest.mark.parametrize("labels", [LABELS, HOLES], ids=["all", "holes"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_over_pixels_and_its_gradient_are_those_of_torch(
    torch: Any, labels: NDArray[np.int32], smoothing: float
) -> None:
    value, gradient = run(
        {"type": "categorical_crossentropy", "label_smoothing": smoothing}, labels
    )
    z = torch.tensor(Z, dtype=torch.float64, requires_grad=True)
    wanted = torch.nn.functional.cross_entropy(
        z.permute(0, 3, 1, 2),
        torch.tensor(labels, dtype=torch.int64),
        ignore_index=VOID,
        label_smoothing=smoothing,
    )
    wanted.backward()
    assert value == pytest.approx(float(wanted.detach()), rel=1e-6)
    difference = np.linalg.norm(gradient - z.grad.numpy()) / np.linalg.norm(z.grad.numpy())
    assert difference < 1e-6


@pytest.mark.parametrize(
    ("fields", "gamma", "alpha"),
    [({}, 2.0, 0.25), ({"gamma": 0.5, "alpha": ALPHAS}, 0.5, ALPHAS), ({"gamma": 0}, 0.0, 0.25)],
)
def test_the_gradient_of_the_categorical_focal_loss_is_that_of_torch(
    torch: Any, fields: dict[str, Any], gamma: float, alpha: Any
) -> None:
    value, gradient = run({"type": "categorical_focal_crossentropy", **fields}, LABELS)
    z = torch.tensor(Z, dtype=torch.float64, requires_grad=True)
    logp = torch.log_softmax(z, -1)
    each = torch.tensor(one_hot(LABELS)) * (1 - logp.exp()) ** gamma * -logp
    wanted = (each * torch.tensor(alpha)).sum(-1).mean()
    wanted.backward()
    assert value == pytest.approx(float(wanted.detach()), rel=1e-6)
    difference = np.linalg.norm(gradient - z.grad.numpy()) / np.linalg.norm(z.grad.numpy())
    assert difference < 1e-6


@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_the_gradient_of_the_binary_focal_loss_is_that_of_torch(
    torch: Any, gamma: float, balanced: bool
) -> None:
    fields = {"gamma": gamma, "apply_class_balancing": balanced}
    value, gradient = run({"type": "binary_focal_crossentropy", **fields}, YES_OR_NO)
    z = torch.tensor(Z, dtype=torch.float64, requires_grad=True)
    t, p = torch.tensor(YES_OR_NO, dtype=torch.float64), torch.sigmoid(z)
    each = torch.nn.functional.binary_cross_entropy_with_logits(z, t, reduction="none")
    each = each * (1 - t * p - (1 - t) * (1 - p)) ** gamma
    wanted = (each * (t * 0.25 + (1 - t) * 0.75 if balanced else 1)).mean()
    wanted.backward()
    assert value == pytest.approx(float(wanted.detach()), rel=1e-6)
    difference = np.linalg.norm(gradient - z.grad.numpy()) / np.linalg.norm(z.grad.numpy())
    assert difference < 1e-6


def test_mean_iou_is_that_of_keras_over_several_batches(keras: Any) -> None:
    metric = keras.metrics.MeanIoU(CLASSES, ignore_class=VOID)
    own = Metric.parse("mean_iou")
    total, positions = np.zeros(3 * CLASSES), 0
    for sample in range(len(Z)):
        y, labels = Z[sample : sample + 1], HOLES[sample : sample + 1]
        metric.update_state(labels, y.argmax(-1))
        bench = Bench(y, y=y, target=labels, totals=3 * CLASSES)
        own.forward(bench)
        total, positions = total + bench.sum, positions + bench.labelled
    assert own.value(total, positions) == pytest.approx(float(metric.result()), rel=1e-6)


@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
def test_the_f1_score_is_that_of_keras(keras: Any, average: str) -> None:
    metric = keras.metrics.F1Score(average=average)
    metric.update_state(one_hot(LABELS).reshape(-1, CLASSES), Z.reshape(-1, CLASSES))
    found = measure({"type": "f1_score", "average": average}, Z, LABELS)
    assert found == pytest.approx(float(metric.result()), rel=1e-6)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("root_mean_squared_error", "RootMeanSquaredError"),
        ("mean_absolute_percentage_error", "MeanAbsolutePercentageError"),
        ("mean_absolute_error", "MeanAbsoluteError"),
        ("r2_score", "R2Score"),
    ],
)
def test_errors_of_numbers_are_those_of_keras(keras: Any, name: str, kind: str) -> None:
    y, t = Z.reshape(-1, CLASSES), Z[::-1].reshape(-1, CLASSES).copy()
    metric = getattr(keras.metrics, kind)()
    metric.update_state(t, y)
    assert measure({"type": name}, y, t) == pytest.approx(float(metric.result()), rel=1e-5)


@pytest.mark.parametrize(
    ("name", "fields"),
    [("MeanAbsoluteError", {}), ("Huber", {"delta": 0.7}), ("Huber", {}), ("MeanSquaredError", {})],
)
def test_losses_of_numbers_are_those_of_keras_in_float64(
    keras: Any, name: str, fields: dict[str, Any]
) -> None:
    import tensorflow as tf

    target = Z[::-1].copy()
    y = tf.Variable(Z.astype(np.float64))
    with tf.GradientTape() as tape:
        wanted = getattr(keras.losses, name)(**fields, dtype="float64")(target.astype(float), y)
    loss, gradient = run({"type": _snake(name), **fields}, target)
    assert loss == pytest.approx(float(wanted), rel=1e-6)
    expected = np.asarray(tape.gradient(wanted, y))
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize(("name", "kind"), [("precision", "Precision"), ("recall", "Recall")])
def test_precision_and_recall_of_one_unit_are_those_of_keras(
    keras: Any, name: str, kind: str
) -> None:
    y, t = sigmoid(Z[..., :1].astype(np.float64)).astype(np.float32), YES_OR_NO[..., :1].copy()
    metric = getattr(keras.metrics, kind)()
    metric.update_state(t, y)
    found = measure({"type": name, "class_id": 1}, y, t)
    assert found == pytest.approx(float(metric.result()), rel=1e-6)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]
