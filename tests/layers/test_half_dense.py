"""Dense layers in bfloat16, of numbers that rounding leaves alone: only sums may differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.core.lowering import Target
from dltrain.engine.program import lane_size
from dltrain.layers.half_dense import EVEN_LANES, LEAST_ROWS
from tests.reference.architectures import Architecture
from tests.reference.bfloat16 import at_every_width, needs_bfloat16, rounded
from tests.reference.networks import build_network

SHAPES = [(299, 221), (256, 260)]


def architecture(shape: tuple[int, ...], units: int) -> Architecture:
    return {
        "input_shape": shape, "classes": None, "layers": [{"type": "dense", "units": units}],
        "loss": "mean_squared_error", "output_shape": (*shape[:-1], units),
    }  # fmt: skip


def gradients_of(
    shape: tuple[int, ...], units: int, samples: int, target: Target
) -> tuple[NDArray[Any], float, NDArray[Any], NDArray[Any]]:
    """Give the kernel's gradient, the loss, the input, and by how much outputs miss targets."""
    network = build_network(architecture(shape, units), seed=1)
    network.target, network.precision = target, "bfloat16"
    kernel = network.parameters["dense_1/kernel"]
    kernel[...] = rounded(kernel)
    generator = np.random.default_rng(2)
    x = rounded(generator.normal(size=(samples, *shape)))
    y = generator.normal(size=(samples, *shape[:-1], units)).astype(np.float32)
    away = x.astype(float) @ kernel.astype(float) + network.parameters["dense_1/bias"] - y
    loss, gradients = network.loss_and_gradients(x, y)
    return gradients["dense_1/kernel"], loss, x, away


def test_lanes_of_large_batches_hold_even_numbers_of_samples() -> None:
    assert all(lane_size(batch) % 2 == 0 for batch in range(EVEN_LANES, 500))


@needs_bfloat16
@at_every_width
@pytest.mark.parametrize("samples", [LEAST_ROWS + 1, 77, 96])
@pytest.mark.parametrize(("features", "units"), SHAPES)
def test_loss_and_gradient_are_those_of_float64_rounded_alike(
    target: Target, samples: int, features: int, units: int
) -> None:
    found, loss, x, away = gradients_of((features,), units, samples, target)
    assert loss == pytest.approx(np.square(away).mean(), rel=1e-6)
    # The output's gradient is rounded before it meets x; its own sums are not.
    dy = rounded((2 * away / away.size).astype(np.float32)).astype(float)
    wanted = x.reshape(samples, -1).T.astype(float) @ dy
    # A sum that lies beside a tie may round the other way.
    assert np.linalg.norm(found - wanted) < 1e-4 * np.linalg.norm(wanted)


@needs_bfloat16
@pytest.mark.parametrize("samples", [15, 16, 33])
def test_sequences_are_paired_whatever_the_batch(samples: int) -> None:
    target = Target(16, 32, bfloat16=True)
    found, _, x, away = gradients_of((6, 260), 256, samples, target)
    dy = rounded((2 * away / away.size).astype(np.float32)).astype(float)
    wanted = np.einsum("nti,ntu->iu", x.astype(float), dy)
    assert np.linalg.norm(found - wanted) < 1e-4 * np.linalg.norm(wanted)
