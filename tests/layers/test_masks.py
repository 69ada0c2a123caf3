"""Layers that leave out whole channels or samples at random."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.core.errors import ShapeError
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from tests.reference.layer_bench import LayerBench
from tests.reference.layer_twin import normal

CHANNELS = {"type": "spatial_dropout2d", "rate": 0.4}
SAMPLES = {"type": "stochastic_depth", "rate": 0.4}
BOTH = pytest.mark.parametrize("layer", [CHANNELS, SAMPLES], ids=lambda layer: layer["type"])


def factors(layer: dict[str, Any], *shape: int, **place: int) -> NDArray[np.float32]:
    return LayerBench(layer, np.ones(shape, np.float32), **place).forward()


def network(layer: dict[str, Any], *, threads: int = 1) -> Network:
    return Network.build(
        (Layer.parse(layer), Layer.parse("flatten")),
        input_shape=(3, 2, 40),
        threads=threads,
        seed=5,
    )


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_whole_channels_are_dropped_and_the_mean_stays(rate: float) -> None:
    y = factors({"type": "spatial_dropout2d", "rate": rate}, 64, 3, 5, 500)
    assert (y == y[:, :1, :1]).all()
    deviation = np.sqrt(rate * (1 - rate) / (64 * 500))
    assert abs((y[:, 0, 0] == 0).mean() - rate) < 5 * deviation
    np.testing.assert_allclose(np.unique(y), [0, 1 / (1 - rate)], rtol=1e-6)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(1,), (5, 2), (3, 2, 4)])
def test_whole_samples_are_dropped_and_the_mean_stays(rate: float, shape: tuple[int, ...]) -> None:
    y = factors({"type": "stochastic_depth", "rate": rate}, 20000, *shape).reshape(20000, -1)
    assert (y == y[:, :1]).all()
    assert abs((y[:, 0] == 0).mean() - rate) < 5 * np.sqrt(rate * (1 - rate) / 20000)
    np.testing.assert_allclose(np.unique(y), [0, 1 / (1 - rate)], rtol=1e-6)


@BOTH
def test_samples_steps_and_seeds_are_independent(layer: dict[str, Any]) -> None:
    kept = factors(layer, 4096, 1, 1, 8) != 0
    pairs = [(kept[:-k], kept[k:]) for k in (1, 2, 3, 16, 32)]
    pairs += [(kept, factors(layer, 4096, 1, 1, 8, step=1) != 0)]
    pairs += [(kept, factors(layer, 4096, 1, 1, 8, seed=1) != 0)]
    for a, b in pairs:
        a, b = (v.reshape(len(v), -1)[:, :1].astype(float) - 0.6 for v in (a, b))
        assert abs((a * b).mean()) < 5 * 0.24 / np.sqrt(a.size)


@BOTH
@pytest.mark.parametrize("accumulate", [False, True])
def test_backward_drops_what_forward_dropped(layer: dict[str, Any], accumulate: bool) -> None:
    x, dy = normal(9, 4, 3, 21), normal(9, 4, 3, 21, seed=1)
    bench = LayerBench(layer, x, accumulate=accumulate)
    kept = bench.forward() / x
    (dx,) = bench.backward(dy)
    np.testing.assert_allclose(dx, kept * dy, rtol=1e-5, atol=1e-6)


@BOTH
def test_the_same_is_dropped_by_any_number_of_threads_and_in_any_batch(
    layer: dict[str, Any],
) -> None:
    x = normal(50, 3, 2, 40)
    alone = network(layer).forward(x, training=True)
    np.testing.assert_array_equal(alone, network(layer, threads=3).forward(x, training=True))
    np.testing.assert_array_equal(alone[:7], network(layer).forward(x[:7], training=True))


@BOTH
def test_outside_of_training_everything_passes(layer: dict[str, Any]) -> None:
    x = normal(5, 3, 2, 40)
    np.testing.assert_array_equal(network(layer).forward(x), x.reshape(5, -1))
    kept = network({**layer, "rate": 0}).forward(x, training=True)
    np.testing.assert_array_equal(kept, x.reshape(5, -1))


@BOTH
def test_nan_is_kept_where_it_is_dropped(layer: dict[str, Any]) -> None:
    x = np.full((20, 2, 2, 3), np.nan, np.float32)
    assert np.isnan(LayerBench(layer, x).forward()).all()


def test_of_a_dropped_sample_the_shortcut_alone_goes_on() -> None:
    scale = {"type": "rescaling", "scale": 3.0}
    layer = {"type": "residual", "layers": [scale, {**SAMPLES, "rate": 0.5}]}
    x = normal(200, 3, 2, 40)
    y = network(layer).forward(x, training=True) / x.reshape(200, -1)
    assert set(np.round(y[:, 0])) == {1, 7}
    np.testing.assert_allclose(y, np.broadcast_to(np.round(y[:, :1]), y.shape), rtol=1e-4)


def test_channels_are_those_of_images() -> None:
    with pytest.raises(ShapeError, match="takes images, but receives sequences"):
        Layer.parse(CHANNELS).output_shape((4, 3))
