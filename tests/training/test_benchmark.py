"""What `dltrain benchmark` measures hangs together, whatever the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from dltrain.engine.profile import SYNCHRONISATION
from dltrain.training import benchmark as module
from dltrain.training import roofline
from dltrain.training.benchmark import Benchmark, benchmark
from dltrain.training.prepare import read_config


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    from tests.conftest import SMALL

    path = tmp_path_factory.mktemp("benchmark") / "small.yaml"
    Path(path).write_text(SMALL, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "ROUND_SECONDS", 0.01)
        patched.setattr(roofline, "PEAK_SECONDS", 0.01)
        patched.setattr(roofline, "COPIED_BYTES", 2**20)
        return benchmark(read_config(path), lambda event: None)


def test_rates_follow_from_the_step(measured: Benchmark) -> None:
    assert measured.training == pytest.approx(measured.batch_size / measured.step_seconds)
    assert measured.inference > 0
    assert measured.inference_single > 0
    assert measured.peak_memory > 2**20


def test_every_layer_has_a_line_in_the_order_of_the_network(measured: Benchmark) -> None:
    names = [layer.layer for layer in measured.layers]
    expected = ["dense_1", "dense_2", "loss", "accuracy"]
    assert [name for name in names if name in expected] == expected
    assert {"optimizer", SYNCHRONISATION} <= set(names)
    assert all(layer.total > 0 for layer in measured.layers if layer.layer.startswith("dense"))


def test_json_gives_the_totals_of_the_layers(measured: Benchmark) -> None:
    layers = measured.as_json()["layers"]
    assert [layer["total"] for layer in layers] == [layer.total for layer in measured.layers]


def test_layers_add_up_to_the_step(measured: Benchmark) -> None:
    whole = measured.as_json()["step"]
    for name in ("forward", "backward", "total", "operations", "bytes"):
        parts = [layer[name] for layer in measured.as_json()["layers"]]
        assert whole[name] == pytest.approx(sum(parts))


def test_shares_are_those_of_the_measured_peaks(measured: Benchmark) -> None:
    for layer in measured.layers:
        place = measured.standing(layer)
        done, passed = place.operations_per_second, place.bytes_per_second
        assert done * layer.total == pytest.approx(layer.operations)
        assert passed * layer.total == pytest.approx(layer.bytes)
        assert place.compute_share * measured.peaks.operations == pytest.approx(done)
        assert place.memory_share * measured.peaks.bytes == pytest.approx(passed)


def test_only_contractions_count_operations(measured: Benchmark) -> None:
    counted = {layer.layer: layer.operations for layer in measured.layers if layer.operations}
    assert counted == {
        "dense_1": 2 * 64 * 2 * 64 * 32,  # no gradient of the input
        "dense_2": 2 * 64 * 3 * 32 * 10,
    }
