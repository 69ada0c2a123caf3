"""The machine's peaks, and where work stands under them."""

from __future__ import annotations

import subprocess
from typing import Any

import numpy as np
import pytest

from dltrain.training import roofline
from dltrain.training.product import VARIABLES, best_rate, product_rate
from dltrain.training.roofline import Peaks, stand

PEAKS = Peaks(operations=100.0, bytes=10.0)


@pytest.mark.parametrize(
    ("operations", "moved", "bound", "share"),
    [
        (160, 10, "compute", 0.8),
        (160, 18, "memory", 0.9),
        (40, 4, "overhead", 0.8),
        (0, 0, "overhead", 1.0),
        (300, 0, "compute", 1.5),
    ],
)
def test_the_bound_is_what_explains_most_of_the_time(
    operations: int, moved: int, bound: str, share: float
) -> None:
    place = stand(2.0, operations, moved, PEAKS)
    assert place.operations_per_second == operations / 2
    assert place.bytes_per_second == moved / 2
    assert place.compute_share == pytest.approx(operations / 200)
    assert place.memory_share == pytest.approx(moved / 20)
    assert (place.bound, place.bound_share) == (bound, pytest.approx(share))


def test_work_that_takes_no_time_has_no_rate() -> None:
    assert stand(0.0, 0, 0, PEAKS).bound == "overhead"


@pytest.mark.parametrize("threads", [1, 3])
def test_the_copy_that_memory_is_measured_by_copies_every_number(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roofline, "COPIED_BYTES", 2**20)
    program, x = roofline._copying(threads)
    assert program.threads == threads
    assert x.nbytes == pytest.approx(2**20, rel=0.01)
    x[:] = np.random.default_rng(0).random(x.shape, np.float32)
    program.run([x])
    np.testing.assert_array_equal(program.output(len(x)), x)


def test_both_peaks_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roofline, "COPIED_BYTES", 2**20)
    monkeypatch.setattr(roofline, "PEAK_SECONDS", 0.01)
    peaks = roofline.measure_peaks(1)
    assert peaks.operations > 0
    assert peaks.bytes > 0


def test_the_product_is_measured_in_a_process_told_how_many_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: dict[str, str] = {}
    start = subprocess.run

    def run(*arguments: Any, **options: Any) -> Any:
        told.update(options["env"])
        return start(*arguments, **options)

    monkeypatch.setattr(subprocess, "run", run)
    assert product_rate(3, 0.0) > 0
    assert {told[name] for name in VARIABLES} == {"3"}


def test_a_product_is_made_at_least_once() -> None:
    assert 0 < best_rate(8, 0.0) < float("inf")
