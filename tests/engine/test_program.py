from __future__ import annotations

import ctypes
import gc
import threading
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dltrain.engine import executor
from dltrain.engine import program as programs
from dltrain.engine.network import Network
from dltrain.engine.program import Program
from dltrain.layers.base import Layer

COUNTERS = 8
"""The word that is the address of the barriers' counters."""


def program_of(threads: int, batch_size: int = 64) -> Program:
    dense = Layer.parse({"type": "dense", "units": 3})
    network = Network.build((dense,), input_shape=(5,), threads=threads)
    return network.program(batch_size=batch_size)


class Log:
    """Stands in for the compiled loop and for the team: notes who takes part in which run."""

    def __init__(self) -> None:
        self.runs: list[tuple[int, set[int]]] = []

    def loop(self, address: int, first: int, last: int, lane: int, thread: int) -> None:
        counters = (ctypes.c_int64 * executor.WORDS).from_address(address)[COUNTERS]
        if thread == 0:
            self.runs.append((counters, set()))
        assert self.runs[-1][0] == counters
        self.runs[-1][1].add(thread)

    def run(self, job: Callable[[int], None], threads: int) -> None:
        for thread in range(threads):
            job(thread)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    threads=st.integers(1, 9),
    batches=st.lists(st.sampled_from([1, 7, 9, 16, 30, 64]), min_size=2, max_size=9),
)
def test_no_barrier_is_used_anew_while_a_thread_may_still_look_at_it(
    threads: int, batches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread is known to have left a run's last barrier only when it takes part in another."""
    log = Log()
    with monkeypatch.context() as patched:
        patched.setattr(executor, "execute", lambda: log.loop)
        patched.setattr(programs, "shared_team", lambda: log)
        program = program_of(threads)
        for batch in batches:
            program.run([np.zeros((batch, 5), np.float32)])
    for number, (counters, _) in enumerate(log.runs):
        earlier = [index for index in range(number) if log.runs[index][0] == counters]
        if earlier:
            others = log.runs[earlier[-1]][1] - {0}
            since = set().union(*(members for _, members in log.runs[earlier[-1] + 1 : number]))
            assert others <= since


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_one_program_takes_batches_of_any_size_up_to_its_own(threads: int) -> None:
    program = program_of(threads)
    kernel = program.store.named()["dense_1/kernel"]
    x = np.random.default_rng(0).normal(size=(64, 5)).astype(np.float32)
    for count in (64, 1, 7, 17, 64, 33, 2, 64):
        program.run([x[:count]])
        np.testing.assert_allclose(program.output(count), x[:count] @ kernel, rtol=1e-5, atol=1e-6)


def test_programs_can_go_as_soon_as_they_have_run() -> None:
    x = np.zeros((64, 5), np.float32)
    for _ in range(9):
        program_of(3).run([x])
        gc.collect()


def test_a_process_has_no_more_threads_than_its_largest_program_needs() -> None:
    x = np.zeros((64, 5), np.float32)
    program_of(3).run([x])
    before = threading.active_count()
    for _ in range(9):
        program_of(3).run([x])
    assert threading.active_count() == before
