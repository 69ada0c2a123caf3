"""Every contender of a benchmark trains the same network."""

from __future__ import annotations

import os

import pytest

from tests.benchmarks.with_dltrain import build_network, training_operations
from tests.benchmarks.workloads import WORKLOADS

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("default")]


@pytest.mark.parametrize("name", WORKLOADS)
def test_all_networks_have_as_many_parameters(name: str) -> None:
    pytest.importorskip("torch", reason="needs the `peers` extra")
    pytest.importorskip("tensorflow", reason="needs the `peers` extra")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    from tests.benchmarks import keras_networks, torch_networks

    network = build_network(WORKLOADS[name], threads=1)
    own = sum(values.size for values in network.parameters.values())
    in_torch = torch_networks.NETWORKS[name]().parameters()
    in_keras = keras_networks.NETWORKS[name]().trainable_weights
    # An LSTM has two biases there, of which one is enough.
    twice = network.parameters["lstm_1/bias"].size if name == "lstm" else 0
    assert sum(one.numel() for one in in_torch) == own + twice
    assert sum(int(one.numpy().size) for one in in_keras) == own


def test_operations_are_three_times_those_forward_less_the_input_gradient() -> None:
    first, rest = 784 * 512, 512 * 512 + 512 * 10
    assert training_operations(WORKLOADS["mlp"]) == 2 * (2 * first + 3 * rest)
