"""Runs of one and of several threads in turn, of several callers, and in a forked child."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable

import numpy as np
import pytest

from dltrain.engine.network import Network
from dltrain.models.sequential import Sequential


@pytest.fixture(scope="module")
def network() -> Network:
    layers = ["flatten", {"type": "dense", "units": 5, "activation": "relu"}]
    model = Sequential.model_validate({"layers": layers})
    return Network.build(model.expand(), input_shape=(4, 4, 1), threads=3)


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(70, 4, 4, 1)).astype(np.float32)


def test_small_and_large_batches_in_turn_never_wait_for_each_other(
    network: Network, x: np.ndarray
) -> None:
    whole = network.forward(x)
    program = network.program(batch_size=64)
    for count in [64, 1, 64, 3, 1, 64, 33] * 40:
        program.run([x[:count]])
        np.testing.assert_array_equal(program.output(count), whole[:count])


def test_several_python_threads_may_ask_one_network(network: Network, x: np.ndarray) -> None:
    whole, same = network.forward(x), []

    def ask() -> None:
        same.extend(np.array_equal(network.forward(x), whole) for _ in range(20))

    _together([ask] * 4)
    assert same == [True] * 80


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_makes_threads_of_its_own(network: Network, x: np.ndarray) -> None:
    whole = network.forward(x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python warns of forks with threads
        child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(network.forward(x), whole) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _together(jobs: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
