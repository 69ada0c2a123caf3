"""Metrics of language models: functions of the mean cross-entropy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.config.loader import load_dict
from dltrain.core.errors import ShapeError
from dltrain.core.labels import VOID
from dltrain.engine.check import check_metrics
from dltrain.engine.graph import build_graph
from dltrain.metrics.base import Metric
from tests.reference import losses as twins
from tests.reference.activations import softmax
from tests.reference.bench import Bench

RANDOM = np.random.default_rng(0)
Z = RANDOM.normal(0, 4, (3, 6, 7)).astype(np.float32)
LABELS = RANDOM.integers(0, 7, (3, 6), np.int32)


def measure(name: str, target: NDArray[Any], z: NDArray[np.float32] = Z) -> float:
    metric = Metric.parse(name)
    bench = Bench(z, y=softmax(z.astype(np.float64)).astype(np.float32), target=target)
    metric.forward(bench)
    return metric.value(float(bench.sum[0]), bench.labelled)


@pytest.mark.parametrize("dense", [True, False])
def test_both_are_functions_of_the_mean_cross_entropy(dense: bool) -> None:
    full = twins.one_hot(LABELS, 7)
    wanted = twins.categorical_crossentropy(Z.astype(float), full)
    target = full.astype(np.float32) if dense else LABELS
    assert measure("perplexity", target) == pytest.approx(np.exp(wanted), rel=1e-6)
    assert measure("bits_per_character", target) == pytest.approx(wanted / np.log(2), rel=1e-6)


def test_what_has_no_label_does_not_count() -> None:
    labels = LABELS.copy()
    labels[:, 3:] = VOID
    assert measure("perplexity", labels) == pytest.approx(
        measure("perplexity", LABELS[:, :3].copy(), Z[:, :3].copy())
    )


def test_who_wavers_among_all_has_as_many() -> None:
    assert measure("perplexity", LABELS, np.zeros_like(Z)) == pytest.approx(7)
    assert measure("bits_per_character", LABELS, np.zeros_like(Z)) == pytest.approx(np.log2(7))


def test_too_much_is_infinite_and_nan_stays() -> None:
    far = np.where(np.arange(7) == LABELS[..., None], -1e6, 0).astype(np.float32)
    assert measure("perplexity", LABELS, far) == np.inf
    assert np.isnan(measure("perplexity", LABELS, Z * np.float32(np.nan)))


@pytest.mark.parametrize("name", ["perplexity", "bits_per_character"])
def test_other_activations_give_no_probabilities(name: str) -> None:
    config = {
        "model": {"layers": [{"type": "dense", "units": 7, "activation": "sigmoid"}]},
        "optimizer": "sgd",
        "training": {"loss": "mean_squared_error", "metrics": [name]},
    }
    read = load_dict(config, dataset=False).config
    graph = build_graph(read.model.expand(), (5,))
    with pytest.raises(ShapeError, match="the probabilities of a softmax"):
        check_metrics(read.training.metrics, graph, None)
