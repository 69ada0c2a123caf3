"""The same config and seed give the same bytes, on any threads, and after any way of stopping."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import dltrain
from dltrain.storage import checkpoint
from tests.e2e.conftest import Outcome, Run, spawn

CONFIG = """\
name: bits
seed: 7
dataset:
  type: digits
  validation: 0.1
  augment: [{type: random_crop, padding: 1}]
model:
  layers:
    - {type: conv2d, filters: 8, kernel_size: 3, padding: same, activation: relu}
    - {type: max_pooling2d, pool_size: 2}
    - flatten
    - {type: dropout, rate: 0.2}
    - {type: dense, units: 24, activation: tanh}
    - {type: dense, units: classes, activation: softmax}
optimizer:
  type: adam
  learning_rate: {type: cosine, initial: 1e-2, warmup_steps: 10}
training:
  loss: categorical_crossentropy
  metrics: [accuracy]
  epochs: 4
  batch_size: 50
"""

STOPPED = """
import os, signal, sys
from dltrain.cli.app import main
from dltrain.engine.trainer import Trainer
from dltrain.storage.run_folder import RunFolder

moment, number = sys.argv[1], getattr(signal, sys.argv[2])
step, save_last = Trainer.step, RunFolder.save_last

def stop():
    os.kill(os.getpid(), number)

def counted_step(self, *batch):
    if moment == "in epoch 3" and self.steps == 60 or moment == f"in step {self.steps}":
        stop()
    return step(self, *batch)

def counted_save(self, content):
    epoch = content.training["epoch"]
    if moment == "before epoch 2 is saved" and epoch == 2:
        stop()
    save_last(self, content)
    if moment == f"after step {content.training['step']}":
        stop()
    if moment == "after epoch 2" and epoch == 2 or moment == "before epoch 1" and epoch == 0:
        stop()

Trainer.step, RunFolder.save_last = counted_step, counted_save
main(sys.argv[3:])
"""


STEPS = CONFIG.replace("  epochs: 4\n", "  steps: 70\n  validate_every: 20\n")
"""Epochs have 26 steps: lines of metrics end within them, and the training does."""


def tensors(folder: Path, which: str) -> dict[str, bytes]:
    saved = checkpoint.load(folder / "checkpoints" / f"{which}.safetensors")
    return {name: tensor.tobytes() for name, tensor in saved.tensors.items()}


def timeless(folder: Path) -> list[dict[str, Any]]:
    """Read metrics.jsonl without what a clock says."""
    clocked = ("seconds", "samples_per_second", "data_wait")
    lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    records: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return [{key: record[key] for key in record if key not in clocked} for record in records]


def assert_same(folder: Path, other: Path) -> None:
    for which in ("last", "best"):
        assert tensors(folder, which) == tensors(other, which)
    assert timeless(folder) == timeless(other)
    assert (folder / "result.json").read_bytes() == (other / "result.json").read_bytes()


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a run on one thread that never stopped."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    (folder / "bits.yaml").write_text(CONFIG, encoding="utf-8")
    overrides = {"training.threads": 1}
    return dltrain.fit(folder / "bits.yaml", runs=folder, overrides=overrides).folder


@pytest.fixture
def config(here: Path) -> Path:
    path = here / "bits.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def stopped(moment: str, signal_name: str, *arguments: object) -> Outcome:
    """Run a command that sends a signal to itself at a moment of its training."""
    return spawn([sys.executable, "-c", STOPPED, moment, signal_name, *map(str, arguments)])


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_change_no_byte(run: Run, config: Path, uninterrupted: Path, threads: int) -> None:
    outcome = run("fit", config, "--set", f"training.threads={threads}", "-q")
    assert outcome.code == 0, outcome.err
    assert_same(Path("runs/bits"), uninterrupted)


@pytest.mark.parametrize(
    "moment", ["before epoch 1", "before epoch 2 is saved", "after epoch 2", "in epoch 3"]
)
def test_a_killed_run_goes_on_to_the_same_bytes(
    run: Run, config: Path, uninterrupted: Path, moment: str
) -> None:
    outcome = stopped(moment, "SIGKILL", "fit", config, "--set", "training.threads=2")
    assert outcome.code == -9, outcome.err
    assert not Path("runs/bits/result.json").exists()
    resumed = run("fit", config, "--resume", "-q", "--set", "training.threads=1")
    assert resumed.code == 0, resumed.err
    assert [entry.name for entry in Path("runs").iterdir()] == ["bits"]
    assert_same(Path("runs/bits"), uninterrupted)


@pytest.mark.parametrize(
    ("signal_name", "code", "word"),
    [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "terminated")],
)
@pytest.mark.parametrize("moment", ["in epoch 3", "after epoch 2"])
def test_a_stopped_run_says_how_to_go_on_and_does_to_the_same_bytes(
    run: Run, config: Path, uninterrupted: Path, moment: str, signal_name: str, code: int, word: str
) -> None:
    outcome = stopped(moment, signal_name, "fit", config)
    outcome.refused(code, word, f"dltrain fit {config} --resume")
    assert [record["epoch"] for record in timeless(Path("runs/bits"))] == [1, 2]
    assert run("fit", config, "--resume", "-q").code == 0
    assert_same(Path("runs/bits"), uninterrupted)


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a run of steps that never stopped."""
    folder = tmp_path_factory.mktemp("counted")
    (folder / "bits.yaml").write_text(STEPS, encoding="utf-8")
    return dltrain.fit(folder / "bits.yaml", runs=folder).folder


@pytest.mark.parametrize("moment", ["in step 5", "after step 40", "in step 57", "in step 69"])
def test_a_run_that_counts_steps_goes_on_to_the_same_bytes(
    run: Run, config: Path, counted: Path, moment: str
) -> None:
    config.write_text(STEPS, encoding="utf-8")
    outcome = stopped(moment, "SIGKILL", "fit", config)
    assert outcome.code == -9, outcome.err
    resumed = run("fit", config, "--resume")
    assert resumed.code == 0, resumed.err
    after = int(moment.split()[-1]) // 20 * 20
    assert f"going on after step {after})" in resumed.err or after == 0
    assert [record["step"] for record in timeless(Path("runs/bits"))] == [20, 40, 60, 70]
    assert [record["epoch"] for record in timeless(Path("runs/bits"))] == [1, 2, 3, 3]
    assert_same(Path("runs/bits"), counted)


def test_steps_are_those_of_the_epochs(run: Run, config: Path, uninterrupted: Path) -> None:
    options = ["--set", "training.epochs=null", "--set", "training.steps=104", "-q"]
    assert run("fit", config, *options, "--set", "training.validate_every=30").code == 0
    assert tensors(Path("runs/bits"), "last") == tensors(uninterrupted, "last")
    steps = [record["step"] for record in timeless(Path("runs/bits"))]
    assert steps == [30, 60, 90, 104]


def test_a_finished_run_is_left_as_it_is(run: Run, config: Path) -> None:
    assert run("fit", config, "-q").code == 0
    before = Path("runs/bits/checkpoints/last.safetensors").stat().st_mtime_ns
    again = run("fit", config, "--resume")
    assert again.code == 0
    assert "was finished" in again.err
    assert again.out.startswith("test  loss ")
    assert Path("runs/bits/checkpoints/last.safetensors").stat().st_mtime_ns == before
