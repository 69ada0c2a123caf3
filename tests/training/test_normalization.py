from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.data.loader import Batch
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from dltrain.training.moments import learn_moments

X = np.random.default_rng(0).normal(3, 2, (50, 4, 6)).astype(np.float32)


@pytest.mark.parametrize("before", [[], ["flatten"], [{"type": "dropout", "rate": 0.5}]])
def test_a_measured_normalization_gives_mean_0_and_variance_1(before: list[Any]) -> None:
    steps = [*before, "normalization", "flatten"]
    layers = tuple(Layer.parse(step) for step in steps)
    network = Network.build(layers, input_shape=(4, 6), threads=1)
    batches = [Batch(part, np.zeros(len(part), np.int32), len(part)) for part in (X[:32], X[32:])]
    learn_moments(network, lambda: batches, size=32)
    y = network.forward(X)
    channels = y if "flatten" in before else y.reshape(-1, 6)
    np.testing.assert_allclose(channels.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(channels.var(0), 1, atol=1e-4)


def test_given_statistics_are_not_measured() -> None:
    layer = Layer.parse({"type": "normalization", "mean": 1.0, "variance": 4.0})
    network = Network.build((layer,), input_shape=(4, 6), threads=1)
    learn_moments(network, lambda: pytest.fail("the training split was read"), size=32)
    np.testing.assert_allclose(network.forward(X), (X - 1) / 2, rtol=1e-6)
