from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.engine.lower import Objective
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from dltrain.losses.base import Loss
from tests.reference.layer_bench import LayerBench


def mask(
    rate: float, samples: int = 64, count: int = 4096, *, seed: int = 0, step: int = 0
) -> NDArray[np.bool_]:
    x = np.ones((samples, count), np.float32)
    return LayerBench({"type": "dropout", "rate": rate}, x, seed=seed, step=step).forward() != 0


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_a_share_of_rate_is_dropped_and_the_mean_stays(rate: float) -> None:
    x = np.ones((64, 4096), np.float32)
    y = LayerBench({"type": "dropout", "rate": rate}, x).forward()
    deviation = np.sqrt(rate * (1 - rate) / y.size)
    assert abs((y == 0).mean() - rate) < 5 * deviation
    np.testing.assert_allclose(np.unique(y), [0, 1 / (1 - rate)], rtol=1e-6)


def test_neighbours_samples_steps_and_seeds_are_independent() -> None:
    kept = mask(0.5)
    pairs = [(kept[:, :-k], kept[:, k:]) for k in (1, 2, 3, 4, 8, 16, 64, 256, 1024)]
    pairs += [(kept[:-k], kept[k:]) for k in (1, 2, 3, 16, 32)]
    pairs += [(kept, mask(0.5, step=1)), (kept, mask(0.5, seed=1))]
    pairs += [(mask(0.5, seed=1), mask(0.5, step=1))]
    for a, b in pairs:
        # Bits of two masks agree half of the time, five standard deviations at most from it.
        assert abs((a == b).mean() - 0.5) < 2.5 / np.sqrt(a.size)


def test_counts_spread_over_samples_and_elements_as_chance_has_it() -> None:
    kept = mask(0.5, samples=256, count=4096).astype(float) - 0.5
    for axis in (0, 1):
        sums = kept.sum(axis)
        ratio = np.square(sums).mean() / (kept.shape[axis] / 4)
        assert abs(ratio - 1) < 5 * np.sqrt(2 / len(sums))


def test_runs_of_bits_are_equally_frequent() -> None:
    kept = mask(0.5, samples=128).reshape(-1, 8)
    counts = np.bincount(np.packbits(kept, axis=1).ravel(), minlength=256)
    expected = len(kept) / 256
    chi_square = (np.square(counts - expected) / expected).sum()
    assert abs(chi_square - 255) < 5 * np.sqrt(2 * 255)


def test_backward_drops_what_forward_dropped() -> None:
    x = np.random.default_rng(0).normal(size=(3, 100)).astype(np.float32)
    for accumulate in (False, True):
        bench = LayerBench({"type": "dropout", "rate": 0.4}, x, accumulate=accumulate)
        factors = bench.forward() / x
        (dx,) = bench.backward(x)
        np.testing.assert_allclose(dx, factors * x, atol=1e-6)


def network(threads: int) -> Network:
    layers = [{"type": "dense", "units": 40}, {"type": "dropout", "rate": 0.5}]
    layers += [{"type": "dense", "units": 3, "activation": "softmax"}]
    return Network.build(
        tuple(Layer.parse(layer) for layer in layers),
        input_shape=(6,),
        seed=5,
        objective=Objective(Loss.parse("categorical_crossentropy")),
        threads=threads,
    )


def test_the_same_bits_are_dropped_by_any_number_of_threads_and_in_any_batch() -> None:
    x = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    alone = network(1).forward(x, training=True)
    np.testing.assert_array_equal(alone, network(3).forward(x, training=True))
    np.testing.assert_array_equal(alone[:7], network(2).forward(x[:7], training=True))


def test_each_step_drops_others_and_evaluation_drops_none() -> None:
    x = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    built = network(1)
    first, second = (built.forward(x, training=True, step=step) for step in (0, 1))
    plain = built.forward(x)
    assert not np.allclose(first, second)
    assert not np.allclose(first, plain)
    np.testing.assert_array_equal(plain, built.forward(x, step=1))


def test_gradients_are_those_of_the_network_that_was_left() -> None:
    x = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    y, built = np.array([0, 1, 2, 0, 1], np.int32), network(1)
    _, gradients = built.loss_and_gradients(x, y, training=True, step=3)
    for name, values in built.parameters.items():
        before, length = values.copy(), float(np.linalg.norm(gradients[name]))
        move = np.float32(1e-2 / length) * gradients[name]
        values[...] = before + move
        above, _ = built.loss_and_gradients(x, y, training=True, step=3)
        values[...] = before - move
        below, _ = built.loss_and_gradients(x, y, training=True, step=3)
        values[...] = before
        assert (above - below) / 2e-2 == pytest.approx(length, rel=5e-3), name


def test_dropouts_of_one_network_drop_independently() -> None:
    dropout = Layer.parse({"type": "dropout", "rate": 0.5})
    layer = Layer.parse({"type": "parallel", "branches": [[dropout], [dropout]]})
    built = Network.build((layer,), input_shape=(4096,), threads=1)
    first, second = np.split(built.forward(np.ones((8, 4096), np.float32), training=True), 2, -1)
    assert abs((first == second).mean() - 0.5) < 2.5 / np.sqrt(first.size)


def test_nan_is_kept_where_it_is_dropped() -> None:
    x = np.full((2, 50), np.nan, np.float32)
    assert np.isnan(LayerBench({"type": "dropout", "rate": 0.5}, x).forward()).all()


def test_a_rate_of_zero_passes_everything_on() -> None:
    layers = tuple(Layer.parse(layer) for layer in ({"type": "dropout", "rate": 0}, "flatten"))
    x = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    built = Network.build(layers, input_shape=(6,), threads=1)
    np.testing.assert_array_equal(built.forward(x, training=True), x)
