"""A single image whose rows threads share: the numbers of the twin, and no bit changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.lowering import Target
from dltrain.engine.lower import Lowerer
from dltrain.engine.network import Network
from dltrain.engine.predictor import Predictor
from tests.reference.architectures import Architecture
from tests.reference.judge import worst_gradient
from tests.reference.networks import build_network, random_batch
from tests.reference.twin import Twin

WIDTHS = (Target(4, 16), Target(8, 16), Target(16, 32))
LAST = [{"type": "global_average_pooling2d"}, {"type": "dense", "units": 3}]
POOL = {"type": "max_pooling2d", "pool_size": 2}


def conv(filters: int, size: Any = 3, **fields: Any) -> dict[str, Any]:
    return {"type": "conv2d", "filters": filters, "kernel_size": size, **fields}


def architecture(shape: tuple[int, ...], *layers: dict[str, Any]) -> Architecture:
    return {
        "input_shape": shape,
        "classes": 3,
        "layers": [*layers, *LAST],
        "loss": "mean_squared_error",
        "output_shape": (3,),
    }


TANH = {"activation": "tanh"}
NETWORKS = {
    "a first layer": architecture((23, 25, 3), conv(17, 7, strides=2, padding=3, **TANH), conv(5)),
    "pixels in one row": architecture((9, 8, 6), conv(9, 1, **TANH), conv(33, 1, use_bias=False)),
    "groups and gaps": architecture(
        (15, 11, 6), conv(10, groups=2, **TANH), conv(8, (2, 3), dilation_rate=(3, 2))
    ),
    "a row": architecture((1, 90, 8), conv(9, (1, 2), **TANH), conv(5, (1, 3))),
    "pooled": architecture((11, 12, 4), conv(7, **TANH), conv(6, padding="same"), POOL),
    "overlapping windows": architecture(
        (13, 9, 5), conv(9, **TANH), {"type": "max_pooling2d", "pool_size": 3, "strides": 2}
    ),
    "bands of tiles": architecture(
        (35, 15, 40), conv(41, padding="same", **TANH), conv(9, padding="same")
    ),
    "a sum": architecture(
        (17, 6, 8),
        conv(8, padding="same", **TANH),
        {"type": "residual", "layers": [conv(8, padding="same", activation="relu")]},
    ),
}


@pytest.fixture(autouse=True)
def _share_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dltrain.layers.sharing.LEAST_WORK", 500)


def shared_rows(network: Network, batch_size: int) -> set[str]:
    lowered = Lowerer(network.graph, WIDTHS[2], batch_size=batch_size).lower()
    return {row.kernel for row in lowered.rows if row.per == "batch"}


@pytest.mark.parametrize("target", WIDTHS, ids=lambda target: f"width {target.width}")
@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_and_gradients_are_those_of_the_twin(name: str, target: Target) -> None:
    network = build_network(NETWORKS[name], seed=2)
    network.target = target
    x, y = random_batch(NETWORKS[name], samples=1)
    twin = Twin(NETWORKS[name]["layers"], NETWORKS[name]["loss"], network.parameters)
    predicted = Predictor(network, batch_size=1)(x)
    np.testing.assert_allclose(predicted, twin.forward(x), rtol=1e-4, atol=1e-5)
    loss, gradients = network.loss_and_gradients(x, y)
    wanted_loss, wanted = twin.loss_and_gradients(x, y)
    assert loss == pytest.approx(wanted_loss, rel=1e-5)
    error, key = worst_gradient(gradients, wanted)
    assert error < 1e-5, key


@pytest.mark.parametrize("name", NETWORKS)
def test_neither_threads_nor_the_size_of_a_batch_change_a_bit(name: str) -> None:
    x, y = random_batch(NETWORKS[name], samples=1)
    found, gradients = [], []
    for threads, batch_size in ((1, 1), (2, 1), (3, 1), (1, 2), (2, 3)):
        network = build_network(NETWORKS[name], seed=3, threads=threads)
        found.append(Predictor(network, batch_size=batch_size, threads=threads)(x))
        gradients.append(network.loss_and_gradients(x, y)[1])
    for other, changes in zip(found, gradients, strict=True):
        np.testing.assert_array_equal(other, found[0])
        for key, gradient in changes.items():
            np.testing.assert_array_equal(gradient, gradients[0][key], err_msg=key)


def test_the_rows_of_one_image_are_shared_and_those_of_more_are_not() -> None:
    for name in set(NETWORKS) - {"a row", "bands of tiles", "a sum"}:
        assert "convolve" in shared_rows(build_network(NETWORKS[name]), 1), name
    assert "winograd_convolve" in shared_rows(build_network(NETWORKS["bands of tiles"]), 1)
    assert "max_pool_forward" in shared_rows(build_network(NETWORKS["overlapping windows"]), 1)
    for name in NETWORKS:
        assert not shared_rows(build_network(NETWORKS[name]), 2), name


def test_little_work_is_left_to_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert not shared_rows(build_network(NETWORKS["pixels in one row"]), 1)


def test_an_image_that_nobody_shares_is_one_threads() -> None:
    network = build_network(NETWORKS["a row"], threads=2)
    assert Predictor(network, batch_size=1, threads=2).program.threads == 1
