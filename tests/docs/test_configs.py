"""Every config in configs/ trains."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.docs.conftest import ROOT, Run

CONFIGS = sorted(path.name for path in (ROOT / "configs").glob("*.yaml"))
BUNDLED = ("digits", "digits_graph", "digits_mlp", "shapes_unet")


@pytest.mark.parametrize("name", CONFIGS)
def test_config_trains_and_writes_a_result(
    name: str, run: Run, clone: Path, small_mnist: Path, small_cifar10: Path, small_text: Path,
    small_sentences: Path,
) -> None:  # fmt: skip
    others = {"cifar10": small_cifar10, "shakespeare": small_text, "sst2": small_sentences}
    path = others.get(name.split("_")[0], small_mnist)
    data = [] if Path(name).stem in BUNDLED else ["--set", f"dataset.path={path}"]
    if path == small_sentences:
        for split in ("validation", "test"):
            data += ["--set", f"dataset.{split}_path={path}"]
    short = ["--set", "training.epochs=1", "--set", "training.steps=null"]
    run("fit", f"configs/{name}", *short, "--name", "short", *data)
    result = json.loads((clone / "runs" / "short" / "result.json").read_text())
    assert 0 <= result["metrics"]["accuracy"] <= 1
