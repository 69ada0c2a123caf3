"""Every config in configs/ trains."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tests.docs.conftest import ROOT, Run
from tests.docs.stand_ins import stand_in

CONFIGS = sorted(path.name for path in (ROOT / "configs").glob("*.yaml"))


@pytest.mark.parametrize("name", CONFIGS)
def test_config_trains_and_writes_a_result(
    name: str, run: Run, clone: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = stand_in(name, tmp_path_factory.mktemp("data"))
    short = {"training.epochs": 1, "training.steps": "null"}
    changes = [f"{key}={value}" for key, value in {**short, **data}.items()]
    flags = [word for change in changes for word in ("--set", change)]
    run("fit", f"configs/{name}", "--name", "short", *flags)
    result = json.loads((clone / "runs" / "short" / "result.json").read_text())
    metrics = result["metrics"]
    assert 0 <= metrics.get("accuracy", 0) <= 1
    assert metrics
    assert all(math.isfinite(value) for value in metrics.values())
