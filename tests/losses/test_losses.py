from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dltrain.core.errors import ShapeError
from dltrain.core.labels import VOID
from dltrain.losses.base import Loss
from tests.reference import losses as twins
from tests.reference.activations import softmax
from tests.reference.bench import Bench

NAMES = (
    "categorical_crossentropy",
    "binary_crossentropy",
    "categorical_focal_crossentropy",
    "binary_focal_crossentropy",
    "mean_squared_error",
    "mean_absolute_error",
    "huber",
)
FUSED = NAMES[:4]
LAST = ("softmax", "sigmoid", "softmax", "sigmoid", "linear", "linear", "linear")
SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 21))
quick = settings(max_examples=8, deadline=None)


def value_of(name: str, z: NDArray[Any], target: NDArray[Any]) -> float:
    result: float = getattr(twins, name)(z.astype(float), target)
    return result


def gradient_of(name: str, z: NDArray[Any], target: NDArray[Any]) -> NDArray[Any]:
    result: NDArray[Any] = getattr(twins, f"{name}_gradient")(z.astype(float), target)
    return result


def run(fields: Any, z: NDArray[np.float32], target: NDArray[Any], accumulate: bool) -> Bench:
    loss = Loss.parse(fields)
    # Of what a softmax makes of the logits, a loss may use both.
    y = softmax(z.astype(float)).astype(np.float32) if loss.fuses == "softmax" else z.copy()
    bench = Bench(z, y=y, target=target, accumulate=accumulate)
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
    if name.startswith("categorical"):
        shape = (*shape[:-1], max(shape[-1], 2))
    z, target = draw(shape, seed, dense)
    bench = run(name, z, target, accumulate)
    full = target.astype(float) if dense else twins.one_hot(target, shape[-1])
    assert bench.mean == pytest.approx(value_of(name, z, full), rel=1e-6, abs=1e-7)
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
    assert bench.mean == pytest.approx(expected, rel=1e-6)
    gradient = gradient_of("categorical_crossentropy", z, full)
    np.testing.assert_allclose(bench.gradient, gradient, atol=1e-6)


@pytest.mark.parametrize("name", FUSED)
def test_a_fused_loss_takes_logits_that_would_overflow(name: str) -> None:
    z = np.array([[[300.0, -300.0]]], np.float32)
    bench = run(name, z, np.array([[[0.0, 1.0]]], np.float32), accumulate=False)
    worst = 600 * (0.25 if "focal" in name else 1) if name.startswith("cat") else 300
    assert bench.sum[0] == pytest.approx(worst)
    assert np.isfinite(bench.gradient).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("label", [-2, 3, 2**31 - 1])
def test_a_label_that_is_no_class_makes_the_loss_nan(name: str, label: int) -> None:
    z = np.zeros((1, 1, 3), np.float32)
    assert np.isnan(run(name, z, np.array([[label]], np.int32), accumulate=False).sum[0])


@pytest.mark.parametrize("name", NAMES)
def test_nan_in_the_output_makes_the_loss_nan(name: str) -> None:
    z = np.zeros((2, 1, 3), np.float32)
    z[1, 0, 2] = np.nan
    assert np.isnan(run(name, z, np.zeros((2, 1), np.int32), accumulate=False).sum[0])


@pytest.mark.parametrize("name", NAMES)
@quick
@given(seed=st.integers(0, 999), accumulate=st.booleans())
def test_what_has_no_label_counts_in_no_mean_and_has_no_gradient(
    name: str, seed: int, accumulate: bool
) -> None:
    z, labels = draw((3, 4, 5), seed, dense=False)
    void = np.random.default_rng(seed + 1).random(labels.shape) < 0.4
    labels[void] = VOID
    bench = run(name, z, labels, accumulate)
    if void.all():
        assert bench.sum[0] == 0
        return
    kept, full = z[~void], twins.one_hot(labels[~void], 5)
    assert bench.mean == pytest.approx(value_of(name, kept, full), rel=1e-6)
    np.testing.assert_array_equal(bench.gradient[void], 0)
    expected = gradient_of(name, kept, full)
    np.testing.assert_allclose(bench.gradient[~void], expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_without_any_label_comes_to_nothing(name: str) -> None:
    z = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    bench = run(name, z, np.full((2, 3), VOID, np.int32), accumulate=False)
    assert bench.sum[0] == 0
    np.testing.assert_array_equal(bench.gradient, 0)


@pytest.mark.parametrize("dense", [False, True])
def test_a_class_weight_multiplies_what_a_position_of_the_class_counts(dense: bool) -> None:
    z, labels = draw((3, 4, 5), 2, dense=False)
    weights = np.array([1, 0, 2.5, 0.5, 10])
    full = twins.one_hot(labels, 5)
    fields = {"type": "categorical_crossentropy", "label_smoothing": 0.2}
    target = full.astype(np.float32) if dense else labels
    bench = run({**fields, "class_weight": weights.tolist()}, z, target, accumulate=False)
    full, counts = twins.smoothed(full, 0.2), weights[labels]
    each = [[value_of(NAMES[0], z[i, p], full[i, p]) for p in range(4)] for i in range(3)]
    assert bench.mean == pytest.approx(float(np.mean(counts * each)), rel=1e-6)
    expected = gradient_of(NAMES[0], z, full) * counts[..., None]
    np.testing.assert_allclose(bench.gradient, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 3.5])
@pytest.mark.parametrize("alpha", [0.25, [0.1, 1.0, 0.0, 2.0]])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("dense", [False, True])
def test_fields_of_the_categorical_focal_loss_are_those_of_the_twin(
    gamma: float, alpha: Any, smoothing: float, dense: bool
) -> None:
    z, labels = draw((3, 2, 4), 3, dense=False)
    full = twins.one_hot(labels, 4)
    fields = {"alpha": alpha, "gamma": gamma, "label_smoothing": smoothing}
    target = full.astype(np.float32) if dense else labels
    bench = run({"type": NAMES[2], **fields}, z, target, accumulate=False)
    known = (z.astype(float), twins.smoothed(full, smoothing), np.array(alpha), gamma)
    assert bench.mean == pytest.approx(twins.categorical_focal_crossentropy(*known), rel=1e-6)
    expected = twins.categorical_focal_crossentropy_gradient(*known)
    np.testing.assert_allclose(bench.gradient, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 3.5])
@pytest.mark.parametrize("alpha", [None, 0.25, 1.0])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("dense", [False, True])
def test_fields_of_the_binary_focal_loss_are_those_of_the_twin(
    gamma: float, alpha: float | None, smoothing: float, dense: bool
) -> None:
    z, labels = draw((3, 2, 4), 3, dense=False)
    full = twins.one_hot(labels, 4)
    fields: dict[str, Any] = {"gamma": gamma, "label_smoothing": smoothing}
    if alpha is not None:
        fields |= {"apply_class_balancing": True, "alpha": alpha}
    target = full.astype(np.float32) if dense else labels
    bench = run({"type": NAMES[3], **fields}, z, target, accumulate=False)
    known = (z.astype(float), full * (1 - smoothing) + smoothing / 2, alpha, gamma)
    assert bench.mean == pytest.approx(twins.binary_focal_crossentropy(*known), rel=1e-6)
    expected = twins.binary_focal_crossentropy_gradient(*known)
    np.testing.assert_allclose(bench.gradient, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", FUSED)
@pytest.mark.parametrize("gamma", [0.0, 0.3, 2.0])
def test_certainty_beyond_float32_has_a_finite_loss_and_gradient(name: str, gamma: float) -> None:
    fields = {"type": name, "gamma": gamma} if "focal" in name else name
    z = np.array([[[0, 40, -40]], [[0, 200, -200]], [[5, 3.4e38, -3.4e38]]], np.float32)
    bench = run(fields, z, np.array([[1], [1], [1]], np.int32), accumulate=False)
    assert np.isfinite(bench.gradient).all()
    assert bench.sum[0] >= 0


@pytest.mark.parametrize("delta", [0.1, 1.0, 5.0])
def test_the_delta_of_huber_is_that_of_the_twin(delta: float) -> None:
    z, target = draw((4, 3, 5), 4, dense=True)
    bench = run({"type": "huber", "delta": delta}, z, target, accumulate=False)
    assert bench.mean == pytest.approx(twins.huber(z.astype(float), target, delta), rel=1e-6)
    expected = twins.huber_gradient(z.astype(float), target, delta)
    np.testing.assert_allclose(bench.gradient, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES[4:])
def test_a_softmax_of_one_output_is_refused(name: str) -> None:
    with pytest.raises(ShapeError, match="a softmax of one output is always 1") as caught:
        Loss.parse(name).check((1,), "softmax", 1)
    assert caught.value.hint == "write `activation: linear` in the last layer"
    Loss.parse(name).check((2,), "softmax", 2)


def test_cross_entropy_wants_a_softmax_and_says_what_to_write() -> None:
    with pytest.raises(ShapeError, match="linear") as caught:
        Loss.parse("categorical_crossentropy").check((10,), "linear", 10)
    assert caught.value.hint == "write `activation: softmax` in the last layer"
    for name in ("binary_crossentropy", "binary_focal_crossentropy"):
        with pytest.raises(ShapeError, match=f"{name} takes the probabilities of a sigmoid"):
            Loss.parse(name).check((10,), "softmax", 10)


@pytest.mark.parametrize(("name", "last"), list(zip(NAMES, LAST, strict=True)))
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
