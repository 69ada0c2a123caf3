"""The memory of a training is known before it starts; one that does not fit is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dltrain
from dltrain.config.loader import read_dict
from dltrain.core.errors import ConfigError
from dltrain.engine.check import check
from dltrain.engine.limits import available_memory, largest_batch
from dltrain.training import job, memory

NETWORKS: dict[str, dict[str, Any]] = {
    "little beside Python": {"model": "mlp", "batch_size": 64},
    "dense layers with many parameters": {
        "model": {
            "layers": [
                "flatten",
                {"type": "dense", "units": 2048, "activation": "relu"},
                {"type": "dense", "units": 2048, "activation": "relu"},
                {"type": "dense", "units": "classes", "activation": "softmax"},
            ]
        },
        "batch_size": 16,
    },
    "activations of a large batch": {"model": "resnet20", "batch_size": 96},
}
MEASURED = """
import sys
import dltrain
from dltrain.training.memory import peak_memory
dltrain.fit(sys.argv[1], runs=sys.argv[2])
print(peak_memory())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the system does not tell the peak")
@pytest.mark.parametrize("validation", [0.25, None])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_estimate_is_near_the_measured_peak_of_a_process_of_its_own(
    tmp_path: Path, name: str, validation: float | None
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (128, 32, 32, 3), np.uint8)
    np.savez(tmp_path / "images.npz", x_train=pixels, y_train=np.arange(128) % 10)
    config = {
        "dataset": {"type": "npz", "path": "images.npz", "validation": validation},
        "model": NETWORKS[name]["model"],
        "optimizer": "adam",
        "training": {
            "loss": "categorical_crossentropy",
            "epochs": 1,
            "batch_size": NETWORKS[name]["batch_size"],
        },
    }
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")
    # Once here: whether kernels are compiled must not change between the two processes.
    dltrain.fit(path, runs=tmp_path / "first")
    said = _python("-m", "dltrain", "validate", str(path), "--json")
    measured = int(_python("-c", MEASURED, str(path), str(tmp_path / "second")))
    assert json.loads(said)["memory"] == pytest.approx(measured, rel=0.15)


def test_a_layer_of_a_million_million_units_is_refused_with_both_numbers(tmp_path: Path) -> None:
    config = _config(units=10**12)
    with pytest.raises(ConfigError, match=r"GB of memory in all, but .* can have .* GB") as raised:
        dltrain.fit(config, runs=tmp_path)
    assert raised.value.problems[0].hint == "use a smaller network"


def test_the_largest_batch_that_fits_is_named_where_the_batch_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = _config(units=64)
    config["training"]["batch_size"] = 1024
    checked = check(read_dict(config))
    assert checked.graph is not None
    assert checked.facts is not None
    # A training finds its data in memory already.
    monkeypatch.setattr(job, "resident_memory", lambda: 10**8)
    facts = replace(checked.facts, samples={"train": 1438})
    demand = memory.demand_of(checked.loaded().config, checked.graph, facts)
    demand = replace(demand, held=10**8)
    room = demand.peak(700)
    monkeypatch.setattr(memory, "available_memory", lambda: room - 10**8)
    with pytest.raises(ConfigError) as raised:
        dltrain.fit(config, runs=tmp_path)
    problem = raised.value.problems[0]
    assert problem.path == "training.batch_size"
    assert f"{demand.peak(1024) / 1e9:.2f} GB" in problem.message
    assert f"{room / 1e9:.2f} GB" in problem.message
    assert problem.hint is not None
    named = int(problem.hint.removeprefix("the largest batch that fits is "))
    assert demand.peak(named) <= room < demand.peak(named + 1)


def test_the_largest_batch_is_found_to_the_sample() -> None:
    assert largest_batch(lambda batch: 10 * batch, 375, 64) == 37
    assert largest_batch(lambda batch: 10 * batch, 5, 64) == 0


@pytest.mark.parametrize(
    ("names", "values"),
    [
        (("memory.max", "memory.current"), ("3000", "1000")),
        (("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"), ("3000", "1000")),
    ],
)
def test_a_cgroup_limit_counts_less_what_is_held(
    tmp_path: Path, names: tuple[str, str], values: tuple[str, str]
) -> None:
    for name, value in zip(names, values, strict=True):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(value)
    assert available_memory(tmp_path) == 2000


def test_no_cgroup_limit_leaves_the_memory_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("max")
    room = available_memory(tmp_path)
    assert room is None or room > 2**20


def _python(*arguments: str) -> str:
    """Run Python in a process of its own, and give what it prints."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _config(*, units: int) -> dict[str, Any]:
    layers: list[Any] = ["flatten", {"type": "dense", "units": units}]
    layers += [{"type": "dense", "units": "classes", "activation": "softmax"}]
    return {
        "dataset": {"type": "digits"},
        "model": {"layers": layers},
        "optimizer": "adam",
        "training": {"loss": "categorical_crossentropy"},
    }
