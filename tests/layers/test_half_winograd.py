"""Winograd's algorithm in bfloat16: exact where sums of neighbours are, near where they are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.core.lowering import Target
from dltrain.layers import winograd
from tests.layers.test_winograd import LARGE, rows_of
from tests.reference.bfloat16 import at_every_width, needs_bfloat16
from tests.reference.layer_twin import LayerTwin, compare, normal
from tests.reference.networks import build_network, random_batch
from tests.reference.parameter_bench import ParameterBench
from tests.reference.twin import Twin

pytestmark = needs_bfloat16
AVX512 = Target(16, 32, bfloat16=True)


def conv(filters: int, padding: Any = "same", **fields: Any) -> dict[str, Any]:
    sizes = {"filters": filters, "kernel_size": 3, "padding": padding}
    return {"type": "conv2d", **sizes, **fields}


CONVOLUTIONS = {
    "whole vectors": (conv(16), (8, 8, 16)),
    "odd extents and channels": (conv(19, use_bias=False), (7, 5, 9)),
    "one pixel": (conv(8), (1, 1, 8)),
    "without padding": (conv(12, "valid"), (9, 8, 33)),
    "padding on one side": (conv(9, [[1, 0], [0, 1]]), (6, 7, 10)),
    "bands of tiles": (conv(41), (18, 15, 40)),
    "two blocks": (conv(72), (4, 6, 70)),
}


def whole(*shape: int, seed: int) -> NDArray[np.float32]:
    """Draw whole numbers so small that bfloat16 holds sums of 16 of them."""
    return np.random.default_rng(seed).integers(-3, 4, shape).astype(np.float32)


def hold(name: str, target: Target, *, accumulate: bool) -> None:
    config, shape = CONVOLUTIONS[name]
    x = whole(5, *shape, seed=0)
    bench = ParameterBench(config, x, target=target, precision="bfloat16", accumulate=accumulate)
    kernel = bench.parameters["kernel"]
    kernel[...] = 4 * whole(*kernel.shape, seed=2)  # a transform divides them by four
    compare(bench, x, config, draw=whole)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_of_whole_numbers_the_results_are_exact(name: str) -> None:
    hold(name, AVX512, accumulate=False)


@at_every_width
@pytest.mark.parametrize("accumulate", [False, True])
def test_of_whole_numbers_the_results_are_exact_at_every_width(
    target: Target, accumulate: bool
) -> None:
    hold("odd extents and channels", target, accumulate=accumulate)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_of_any_numbers_the_results_are_as_near_as_factors_of_eight_bits_allow(name: str) -> None:
    config, shape = CONVOLUTIONS[name]
    x = normal(5, *shape)
    bench = ParameterBench(config, x, target=AVX512, precision="bfloat16")
    twin = LayerTwin(bench, x, config)
    y, dy = bench.forward(), normal(*twin.y.shape, seed=1)
    (dx,) = bench.backward(dy)
    wanted = {"y": twin.y, "dx": twin.backward(dy), "kernel": twin.gradients["own/kernel"]}
    found = {"y": y, "dx": dx, "kernel": bench.parameter_gradients["kernel"]}
    for key, value in found.items():
        error = np.linalg.norm(value - wanted[key]) / np.linalg.norm(wanted[key])
        assert 2**-12 < error < 2**-7, key


@pytest.mark.parametrize("name", LARGE)
def test_large_kernels_meet_the_whole_batch_and_are_as_near(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(winograd, "CACHED_BYTES", 0)
    network = build_network(LARGE[name], seed=1)
    network.precision = "bfloat16"
    x, y = random_batch(LARGE[name], samples=19)
    _, found = network.loss_and_gradients(x, y)
    twin = Twin(LARGE[name]["layers"], LARGE[name]["loss"], network.parameters)
    _, wanted = twin.loss_and_gradients(x, y)
    assert {"winograd_input_pairs", "winograd_gradient_pairs"} <= rows_of(network, 19)
    for key in (key for key in wanted if key.endswith("kernel")):
        error = np.linalg.norm(found[key] - wanted[key]) / np.linalg.norm(wanted[key])
        # A relu whose input is next to zero may switch.
        assert 2**-13 < error < 2**-4, key
