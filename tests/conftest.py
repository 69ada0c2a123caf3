"""What several packages' tests need: a small config, and a run trained from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import dltrain
from dltrain.engine import check, estimate, network
from dltrain.engine.target import host

# No test asserts on a clock, and a first example may have to compile a kernel.
settings.register_profile(
    "suite", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

SMALL = """\
name: small
dataset: {type: digits, validation: 0.1}
model:
  layers:
    - flatten
    - {type: dense, units: 32, activation: relu}
    - {type: dense, units: classes, activation: softmax}
optimizer: {type: adam, learning_rate: 1e-2}
training: {loss: categorical_crossentropy, metrics: [accuracy], epochs: 4, batch_size: 64}
"""


@pytest.fixture
def small_config(tmp_path: Path) -> Path:
    """Give a config that trains in a moment."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a finished run, which no test may change."""
    folder = tmp_path_factory.mktemp("trained")
    config = folder / "small.yaml"
    config.write_text(SMALL, encoding="utf-8")
    return dltrain.fit(config, runs=folder / "runs").folder


@pytest.fixture
def older_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this computer be one that cannot multiply bfloat16."""
    older = replace(host(), bfloat16=False)
    for module in (check, estimate, network):
        monkeypatch.setattr(module, "host", lambda: older)
