"""Large matrices met by few rows: threads share the columns, and no bit changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.lowering import Target
from dltrain.engine.lower import Lowerer
from dltrain.engine.network import Network
from dltrain.engine.predictor import Predictor
from dltrain.layers.tiling import choose_singly
from tests.reference.architectures import Architecture
from tests.reference.judge import worst_gradient
from tests.reference.networks import build_network, random_batch
from tests.reference.twin import Twin

WIDTHS = (Target(4, 16), Target(8, 16), Target(16, 32))


def architecture(shape: tuple[int, ...], *layers: dict[str, Any]) -> Architecture:
    last = [{"type": "flatten"}, {"type": "dense", "units": 3}]
    return {
        "input_shape": shape,
        "classes": 3,
        "layers": [*layers, *last],
        "loss": "mean_squared_error",
        "output_shape": (3,),
    }


def conv(filters: int, size: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "conv2d", "filters": filters, "kernel_size": size, **fields}


def dense(units: int, **fields: Any) -> dict[str, Any]:
    return {"type": "dense", "units": units, **fields}


NETWORKS = {
    "dense": architecture((301,), dense(223, activation="relu"), dense(299, use_bias=False)),
    "a window of one pixel": architecture((2, 3, 260), conv(259, 1, activation="relu")),
    "3x3": architecture((3, 2, 90), conv(85, 3, padding="same"), conv(89, 3, padding=1)),
    "strides and gaps": architecture(
        (7, 6, 64), conv(130, (2, 5), strides=(2, 1), dilation_rate=(3, 1)), conv(129, 2, strides=2)
    ),
    "gaps across": architecture((4, 7, 64), conv(130, (2, 4), dilation_rate=(1, 2))),
}


def kernels(network: Network, batch_size: int) -> list[str]:
    lowered = Lowerer(network.graph, WIDTHS[2], batch_size=batch_size).lower()
    return [row.kernel for row in lowered.rows]


@pytest.mark.parametrize("samples", [1, 5])
@pytest.mark.parametrize("target", WIDTHS, ids=lambda target: f"width {target.width}")
@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_are_those_of_the_twin(name: str, target: Target, samples: int) -> None:
    network = build_network(NETWORKS[name], seed=3)
    network.target = target
    x, _ = random_batch(NETWORKS[name], samples=samples)
    twin = Twin(NETWORKS[name]["layers"], NETWORKS[name]["loss"], network.parameters)
    predicted = Predictor(network, batch_size=samples)(x)
    np.testing.assert_allclose(predicted, twin.forward(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_few_rows_take_this_way_and_many_do_not(name: str) -> None:
    network = build_network(NETWORKS[name])
    assert "multiply_columns" in kernels(network, 1)
    assert "multiply_columns" not in kernels(network, 128)


@pytest.mark.parametrize("name", NETWORKS)
def test_threads_share_one_sample_and_change_no_bit(name: str) -> None:
    x, _ = random_batch(NETWORKS[name], samples=1)
    found = []
    for threads in (1, 2, 3):
        predictor = Predictor(build_network(NETWORKS[name], seed=3), batch_size=1, threads=threads)
        assert (predictor.program.threads > 1) == (threads > 1)
        found.append(predictor(x))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_a_predictor_keeps_what_it_prepared_until_it_is_told() -> None:
    drawn = architecture((6, 6, 8), conv(8, 3, padding="same"))
    network = build_network(drawn, seed=3)
    x, _ = random_batch(drawn, samples=9)
    predictor = Predictor(network, batch_size=4)
    before = predictor(x)
    network.parameters["conv2d_1/kernel"][:] *= 2
    np.testing.assert_array_equal(predictor(x), before)
    predictor.refresh()
    np.testing.assert_array_equal(predictor(x), Predictor(network, batch_size=4)(x))
    np.testing.assert_array_equal(network.forward(x), predictor(x))
    assert not np.array_equal(predictor(x), before)


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("name", NETWORKS)
def test_training_reads_the_matrix_as_it_lies(name: str, samples: int) -> None:
    network = build_network(NETWORKS[name], seed=3)
    x, y = random_batch(NETWORKS[name], samples=samples)
    twin = Twin(NETWORKS[name]["layers"], NETWORKS[name]["loss"], network.parameters)
    loss, gradients = network.loss_and_gradients(x, y)
    wanted_loss, wanted = twin.loss_and_gradients(x, y)
    assert loss == pytest.approx(wanted_loss, rel=1e-5)
    error, key = worst_gradient(gradients, wanted)
    assert error < 1e-5, key
    lowered = Lowerer(network.graph, WIDTHS[2], training=True, batch_size=samples).lower()
    assert "block_columns" not in {row.kernel for row in lowered.preparations}


def test_rows_that_few_samples_have_meet_whole_tiles() -> None:
    for rows in (1, 4, 12, 16, 64):
        assert rows % choose_singly(rows, 512, WIDTHS[2]).mr == 0
