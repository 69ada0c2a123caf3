"""`dltrain benchmark`: its table, and the same as JSON."""

import json
from pathlib import Path

import pytest

from dltrain.training import benchmark, roofline
from tests.cli.conftest import Run


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "ROUND_SECONDS", 0.001)
    monkeypatch.setattr(roofline, "PEAK_SECONDS", 0.01)
    monkeypatch.setattr(roofline, "COPIED_BYTES", 2**20)


def test_the_table_ends_with_the_step_and_tells_the_peaks(run: Run, config: Path) -> None:
    code, out, _ = run("benchmark", config)
    assert code == 0
    lines = out.splitlines()
    for heading in ("layer", "total ms", "GFLOP/s", "GB/s", "bound"):
        assert heading in lines[0]
    names = [line.split()[0] for line in lines[: lines.index("")]]
    assert names[2:4] == ["dense_1", "dense_2"]
    assert names[-1] == "step"
    assert "GFLOP/s, NumPy" in out.split("peak speed")[1]


def test_json_gives_every_layer_its_place_and_the_sum(run: Run, config: Path) -> None:
    code, out, _ = run("benchmark", config, "--json")
    assert code == 0
    result = json.loads(out)
    assert {"training", "inference", "inference_single", "step_seconds", "peaks"} <= set(result)
    kept = {"layer", "forward", "backward", "total"}
    added = {"operations", "bytes", "operations_per_second", "bytes_per_second"}
    shares = {"compute_share", "memory_share", "bound", "bound_share"}
    for line in (*result["layers"], result["step"]):
        assert set(line) == kept | added | shares
    operations = sum(line["operations"] for line in result["layers"])
    assert operations == result["step"]["operations"] == 2 * 32 * (2 * 64 * 16 + 3 * 16 * 10)
