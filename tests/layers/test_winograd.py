"""Winograd's algorithm in convolutions: the same numbers by another way, whatever the sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.lowering import Target
from dltrain.engine.lower import Lowerer
from dltrain.engine.network import Network
from tests.reference.architectures import Architecture
from tests.reference.network_check import check_network
from tests.reference.networks import build_network, random_batch

WIDTHS = (Target(4, 16), Target(8, 16), Target(16, 32))
LAST = [{"type": "global_average_pooling2d"}, {"type": "dense", "units": 3}]


def conv(filters: int, padding: Any = "same", **fields: Any) -> dict[str, Any]:
    sizes = {"filters": filters, "kernel_size": 3, "padding": padding}
    return {"type": "conv2d", **sizes, **fields}


def architecture(shape: tuple[int, ...], *layers: dict[str, Any]) -> Architecture:
    return {
        "input_shape": shape,
        "classes": 3,
        "layers": [*layers, *LAST],
        "loss": "mean_squared_error",
        "output_shape": (3,),
    }


TANH = {"activation": "tanh"}
CACHED = {
    "odd extents": architecture((7, 5, 8), conv(9, **TANH), conv(17)),
    "even extents": architecture((6, 8, 16), conv(32, use_bias=False), conv(16)),
    "one pixel": architecture((1, 1, 9), conv(8), conv(8)),
    "without padding": architecture((9, 8, 8), conv(12, "valid", **TANH), conv(8, "valid")),
    "padding on one side": architecture((6, 7, 8), conv(8, [[1, 0], [0, 1]]), conv(9, [0, 1])),
    "bands of tiles": architecture((18, 15, 40), conv(41, **TANH), conv(8)),
    "relu, and the input twice": architecture(
        (7, 6, 8),
        conv(8, **TANH),
        {"type": "residual", "layers": [conv(8, activation="relu"), conv(8)]},
    ),
}
LARGE = {
    "odd extents, large": architecture((5, 7, 80), conv(73, **TANH), conv(81, use_bias=False)),
    "small images": architecture((2, 2, 96), conv(64, **TANH), conv(96)),
    "padding on one side, large": architecture((5, 4, 72), conv(80, [[1, 0], [0, 1]], **TANH)),
    "a sum, large": architecture(
        (3, 3, 75), conv(75, **TANH), {"type": "residual", "layers": [conv(75, activation="relu")]}
    ),
}
NETWORKS = CACHED | LARGE


def rows_of(network: Network, batch_size: int) -> set[str]:
    lowerer = Lowerer(
        network.graph, WIDTHS[2], objective=network.objective, training=True, gradients=True,
        batch_size=batch_size, precision=network.precision,
    )  # fmt: skip
    return {row.kernel for row in lowerer.lower().rows}


@pytest.mark.parametrize("target", WIDTHS, ids=lambda target: f"width {target.width}")
@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_and_gradients_are_those_of_the_twin(name: str, target: Target) -> None:
    network = build_network(NETWORKS[name], seed=2)
    network.target = target
    check_network(NETWORKS[name], network, samples=17)


@pytest.mark.parametrize("name", NETWORKS)
def test_threads_change_no_bit(name: str) -> None:
    x, y = random_batch(NETWORKS[name], samples=19)
    found = []
    for threads in (1, 2, 3):
        network = build_network(NETWORKS[name], seed=2, threads=threads)
        found.append(network.loss_and_gradients(x, y))
    (loss, first), *others = found
    for other_loss, gradients in others:
        assert other_loss == loss
        for key, gradient in gradients.items():
            np.testing.assert_array_equal(gradient, first[key], err_msg=key)


def test_a_kernel_that_stays_in_cache_meets_image_by_image_and_a_large_one_the_batch() -> None:
    for name in CACHED:
        assert "winograd_convolve" in rows_of(build_network(NETWORKS[name]), 17), name
    for name in LARGE:
        kernels = rows_of(build_network(NETWORKS[name]), 17)
        assert {"winograd_multiply", "winograd_weights"} <= kernels, name


def test_a_batch_with_few_tiles_is_not_worth_the_reading_of_a_large_kernel() -> None:
    network = build_network(NETWORKS["small images"])
    assert "winograd_multiply" not in rows_of(network, 4)
    check_network(NETWORKS["small images"], network, samples=4)


@pytest.mark.parametrize(
    "layer",
    [conv(8, 2), conv(8, strides=2), conv(8, dilation_rate=2), conv(8, groups=4), conv(7)],
)
def test_other_convolutions_go_the_direct_way(layer: dict[str, Any]) -> None:
    network = build_network(architecture((8, 8, 8), layer))
    assert not any(kernel.startswith("winograd") for kernel in rows_of(network, 17))


def test_nan_is_seen() -> None:
    network = build_network(NETWORKS["even extents"])
    x, _ = random_batch(NETWORKS["even extents"], samples=3)
    x[1, 2, 3, 4] = np.nan
    finite = np.isfinite(network.forward(x)).all(axis=1)
    assert finite.tolist() == [True, False, True]
