from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from tests.reference.layer_bench import LayerBench
from tests.reference.layer_twin import normal


def noise(*shape: int, stddev: float = 1.0, seed: int = 0, step: int = 0) -> NDArray[np.float64]:
    layer = {"type": "gaussian_noise", "stddev": stddev}
    x = np.zeros(shape, np.float32)
    return LayerBench(layer, x, seed=seed, step=step).forward().astype(float)


def network(threads: int) -> Network:
    layers = ({"type": "gaussian_noise", "stddev": 0.5}, "flatten")
    parsed = tuple(Layer.parse(layer) for layer in layers)
    return Network.build(parsed, input_shape=(37,), threads=threads, seed=5)


def test_its_moments_are_those_of_the_normal_distribution() -> None:
    z = noise(500, 2003)
    root = np.sqrt(z.size)
    for power, moment, spread in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10170)):
        assert abs((z**power).mean() - moment) < 5 * np.sqrt(spread) / root, power


def test_every_share_lies_where_the_normal_distribution_has_it() -> None:
    z = np.sort(noise(250, 4000).ravel())
    below = np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in z[::97]])
    shares = (np.arange(z.size)[::97] + 0.5) / z.size
    # Kolmogorov: sqrt(n) times the largest distance is below 2.2 but once in 10,000.
    assert np.abs(below - shares).max() < 2.2 / np.sqrt(z.size)


def test_its_tails_reach_as_far_as_they_should() -> None:
    z = np.abs(noise(500, 4001))
    for bound in (3.0, 4.0, 4.5):
        expected = math.erfc(bound / math.sqrt(2)) * z.size
        assert abs((z > bound).sum() - expected) < 5 * np.sqrt(expected), bound
    assert np.isfinite(z).all()


@pytest.mark.parametrize("stddev", [0.01, 3.0])
def test_it_is_added_with_the_deviation_asked_for(stddev: float) -> None:
    x = normal(64, 1001)
    layer = {"type": "gaussian_noise", "stddev": stddev}
    wanted = x + stddev * noise(64, 1001)
    np.testing.assert_allclose(LayerBench(layer, x).forward(), wanted, rtol=1e-5, atol=1e-5)


def test_neighbours_samples_steps_and_seeds_are_independent() -> None:
    z = noise(64, 4096)
    pairs = [(z[:, :-k], z[:, k:]) for k in (1, 2, 3, 4, 16, 1024, 2048, 3072)]
    pairs += [(z[:-k], z[k:]) for k in (1, 2, 32)]
    pairs += [(z, noise(64, 4096, step=1)), (z, noise(64, 4096, seed=1))]
    for a, b in pairs:
        assert abs((a * b).mean()) < 5 / np.sqrt(a.size)
        assert abs((a * a * b * b).mean() - 1) < 5 * np.sqrt(8 / a.size)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 18])
def test_any_number_of_elements_gets_noise_of_its_own(count: int) -> None:
    z = noise(40, count)
    assert len(np.unique(z)) == z.size


@pytest.mark.parametrize("accumulate", [False, True])
def test_the_gradient_passes_as_it_is(accumulate: bool) -> None:
    layer = {"type": "gaussian_noise", "stddev": 0.5}
    bench = LayerBench(layer, normal(3, 21), accumulate=accumulate)
    bench.forward()
    (dx,) = bench.backward(dy := normal(3, 21, seed=1))
    np.testing.assert_allclose(dx, dy, atol=1e-6)


def test_the_same_is_added_by_any_number_of_threads_and_in_any_batch() -> None:
    x = normal(50, 37)
    alone = network(1).forward(x, training=True)
    np.testing.assert_array_equal(alone, network(3).forward(x, training=True))
    np.testing.assert_array_equal(alone[:7], network(2).forward(x[:7], training=True))


def test_outside_of_training_nothing_is_added() -> None:
    x = normal(5, 37)
    np.testing.assert_array_equal(network(1).forward(x), x)


def test_nan_stays_nan() -> None:
    x = np.full((2, 50), np.nan, np.float32)
    assert np.isnan(LayerBench({"type": "gaussian_noise", "stddev": 1.0}, x).forward()).all()
