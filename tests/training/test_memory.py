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
from tests.reference.bfloat16 import needs_bfloat16

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
dltrain.fit(sys.argv[1], runs=sys.argv[2], resume=True, overrides=sys.argv[3:])
print(peak_memory())
"""
measured = pytest.mark.skipif(sys.platform == "win32", reason="the system does not tell the peak")
MLP = {"type": "mlp", "units": [16]}
CLASSES = {"type": "conv2d", "kernel_size": 1, "filters": "classes", "activation": "softmax"}


@measured
@pytest.mark.parametrize("validation", [0.25, None])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_estimate_is_near_the_measured_peak_of_a_process_of_its_own(
    tmp_path: Path, name: str, validation: float | None
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (128, 32, 32, 3), np.uint8)
    np.savez(tmp_path / "images.npz", x_train=pixels, y_train=np.arange(128) % 10)
    _assert_near(
        tmp_path,
        {"type": "npz", "path": "images.npz", "validation": validation},
        **NETWORKS[name],
    )


@measured
@needs_bfloat16
def test_the_estimate_knows_words_of_bfloat16(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (128, 32, 32, 3), np.uint8)
    np.savez(tmp_path / "images.npz", x_train=pixels, y_train=np.arange(128) % 10)
    dataset = {"type": "npz", "path": "images.npz"}
    _assert_near(tmp_path, dataset, model="resnet20", batch_size=96, precision="bfloat16")


@measured
def test_a_resumed_run_takes_no_more_than_one_that_begins(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (128, 32, 32, 3), np.uint8)
    np.savez(tmp_path / "images.npz", x_train=pixels, y_train=np.arange(128) % 10)
    model = {"type": "mlp", "units": [1024, 1024]}
    dataset = {"type": "npz", "path": "images.npz"}
    _assert_near(tmp_path, dataset, model=model, batch_size=16, resumed=True)


@measured
def test_the_estimate_knows_drawings_and_their_maps(tmp_path: Path) -> None:
    dataset = {"type": "shapes", "samples": 200, "size": 128, "validation": "test"}
    _assert_near(tmp_path, dataset, model={"layers": [CLASSES]}, batch_size=16)


@measured
def test_the_estimate_knows_published_sets_of_gray_images(tmp_path: Path) -> None:
    for split, count in (("train", 30000), ("t10k", 10000)):
        head = b"\0\0\x08\x03" + b"".join(n.to_bytes(4, "big") for n in (count, 28, 28))
        (tmp_path / f"{split}-images-idx3-ubyte").write_bytes(head + bytes(count * 784))
        labels = b"\0\0\x08\x01" + count.to_bytes(4, "big") + bytes(range(10)) * (count // 10)
        (tmp_path / f"{split}-labels-idx1-ubyte").write_bytes(labels)
    _assert_near(tmp_path, {"type": "mnist", "path": "."}, model=MLP, batch_size=256)


@measured
def test_the_estimate_knows_published_sets_of_colour_images(tmp_path: Path) -> None:
    for name in ("data_batch_1.bin", "test_batch.bin"):
        records = b"".join(bytes([n % 10]) + bytes(3072) for n in range(10000))
        (tmp_path / name).write_bytes(records)
    _assert_near(tmp_path, {"type": "cifar10", "path": "."}, model=MLP, batch_size=256)


@measured
def test_the_estimate_knows_images_that_are_resized_as_they_are_read(tmp_path: Path) -> None:
    pixels = np.zeros((700, 192, 192, 3), np.uint8)
    np.savez(tmp_path / "images.npz", x_train=pixels, y_train=np.arange(700) % 10)
    resize = {"type": "resize", "size": [16, 16], "interpolation": "nearest"}
    dataset = {"type": "npz", "path": "images.npz", "transforms": [resize]}
    _assert_near(tmp_path, dataset, model=MLP, batch_size=64)


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
    demand = replace(demand, held=10**8, reading=0)
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


def _assert_near(
    folder: Path, dataset: dict[str, Any], *, model: Any, resumed: bool = False, **training: Any
) -> None:
    """Hold the estimate that `validate` gives to the peak of a process that trains."""
    training = {"loss": "categorical_crossentropy", "epochs": 1, **training}
    config = {"dataset": dataset, "model": model, "optimizer": "adam", "training": training}
    path = folder / "config.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")
    # Once here: whether kernels are compiled must not change between the two processes.
    dltrain.fit(path, runs=folder / "first")
    said = _python("-m", "dltrain", "validate", str(path), "--json")
    runs, epochs = ("first", 2) if resumed else ("second", 1)
    peak = _python("-c", MEASURED, str(path), str(folder / runs), f"training.epochs={epochs}")
    assert json.loads(said)["memory"] == pytest.approx(int(peak), rel=0.15)


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
