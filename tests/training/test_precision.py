"""A run in bfloat16: what it leaves, how it goes on, and who can use it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import dltrain
from dltrain.core.errors import ConfigError, UsageError
from dltrain.data.sources.digits import Digits
from dltrain.storage import checkpoint
from dltrain.training.evaluate import evaluate_checkpoint
from dltrain.training.events import EpochEnded, Event
from dltrain.training.fit import Run
from tests.reference.bfloat16 import needs_bfloat16

CONVOLUTION = {"type": "conv2d", "kernel_size": 3, "padding": "same", "use_bias": False}
CONFIG: dict[str, Any] = {
    "name": "half",
    "dataset": {"type": "digits", "validation": 0.1},
    "model": {
        "layers": [
            {**CONVOLUTION, "filters": 8},
            {"type": "batch_normalization"},
            {"type": "activation", "activation": "relu"},
            {**CONVOLUTION, "filters": 16, "strides": 2},
            "flatten",
            {"type": "dense", "units": 256, "activation": "relu"},
            {"type": "dense", "units": "classes", "activation": "softmax"},
        ]
    },
    "optimizer": {"type": "adam", "learning_rate": 3e-3},
    "training": {
        "loss": "categorical_crossentropy",
        "metrics": ["accuracy"],
        "epochs": 3,
        "batch_size": 96,
        "precision": "bfloat16",
    },
}


def tensors(folder: Path, which: str) -> dict[str, bytes]:
    saved = checkpoint.load(folder / "checkpoints" / f"{which}.safetensors")
    return {name: array.tobytes() for name, array in saved.tensors.items()}


def images_for_test() -> Any:
    """Give the digits' test images as the network sees them."""
    samples = Digits().load(seed=0).splits["test"]
    images = np.empty((len(samples), *samples.shape), np.float32)
    samples.gather(np.arange(len(samples)), images)
    return images


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a finished run in bfloat16, which no test may change."""
    return dltrain.fit(CONFIG, runs=tmp_path_factory.mktemp("half")).folder


@needs_bfloat16
def test_the_resolved_config_and_the_checkpoints_name_the_precision(half: Path) -> None:
    resolved = yaml.safe_load((half / "resolved.yaml").read_text(encoding="utf-8"))
    assert resolved["training"]["precision"] == "bfloat16"
    for which in ("best", "last"):
        saved = checkpoint.load(half / "checkpoints" / f"{which}.safetensors")
        assert saved.config["training"]["precision"] == "bfloat16"


@needs_bfloat16
def test_all_that_is_saved_is_float32_and_not_rounded(half: Path) -> None:
    saved = checkpoint.load(half / "checkpoints" / "last.safetensors").tensors
    assert {tensor.dtype for tensor in saved.values()} == {np.dtype(np.float32)}
    for name in ("conv2d_2/kernel", "dense_1/kernel", "optimizer/momentum/conv2d_2/kernel"):
        lower_halves = saved[name].view(np.uint32) & 0xFFFF
        assert np.count_nonzero(lower_halves) > 0.99 * lower_halves.size


@needs_bfloat16
def test_a_stopped_run_goes_on_in_bfloat16_bit_for_bit(half: Path, tmp_path: Path) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, EpochEnded):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dltrain.fit(CONFIG, runs=tmp_path, observe=stop)
    run = dltrain.fit(CONFIG, runs=tmp_path, resume=True)
    assert [record["epoch"] for record in run.history] == [1, 2, 3]
    for which in ("best", "last"):
        assert tensors(run.folder, which) == tensors(half, which)


@needs_bfloat16
def test_a_run_does_not_go_on_in_another_precision(half: Path) -> None:
    with pytest.raises(UsageError) as raised:
        dltrain.fit(
            CONFIG, runs=half.parent, resume=True, overrides={"training.precision": "float32"}
        )
    assert "training.precision (bfloat16 there, float32 here)" in raised.value.message


@needs_bfloat16
def test_an_older_cpu_does_not_go_on_with_a_run_in_bfloat16(half: Path, older_cpu: None) -> None:
    with pytest.raises(ConfigError) as raised:
        dltrain.fit(CONFIG, runs=half.parent, resume=True, overrides={"training.epochs": 4})
    assert raised.value.problems[0].path == "training.precision"


@needs_bfloat16
def test_an_older_cpu_predicts_the_same_bits(half: Path, request: pytest.FixtureRequest) -> None:
    images = images_for_test()
    wanted = dltrain.load(half).predict(images)
    request.getfixturevalue("older_cpu")
    np.testing.assert_array_equal(dltrain.load(half).predict(images), wanted)


@needs_bfloat16
def test_an_older_cpu_evaluates_to_the_result_of_the_run(half: Path, older_cpu: None) -> None:
    result = json.loads((half / "result.json").read_text(encoding="utf-8"))
    assert evaluate_checkpoint(half).as_json("test").items() <= result.items()


@needs_bfloat16
def test_a_new_head_learns_on_what_a_run_in_bfloat16_learnt(half: Path) -> None:
    layers = [{**layer, "trainable": False} if isinstance(layer, dict) else layer
              for layer in CONFIG["model"]["layers"][:-1]]  # fmt: skip
    head = {"type": "dense", "units": 3, "activation": "softmax"}
    network = dltrain.build(
        {**CONFIG, "model": {"layers": [*layers, head]}}, input_shape=(8, 8, 1), classes=3
    )
    for name, tensor in dltrain.load(half).checkpoint.tensors.items():
        held = {**network.parameters, **network.state}[name]
        if not name.startswith("dense_2"):
            held[...] = tensor
    images = images_for_test()[:70]
    _, gradients = network.loss_and_gradients(images, np.arange(70, dtype=np.int32) % 3)
    assert list(gradients) == ["dense_2/kernel", "dense_2/bias"]
    assert all(np.abs(gradient).max() > 0 for gradient in gradients.values())


def trained(folder: Path, precision: str, seed: int) -> Run:
    overrides = {"training.precision": precision, "training.epochs": 8, "seed": seed}
    return dltrain.fit(CONFIG, runs=folder / f"{precision}-{seed}", overrides=overrides)


@needs_bfloat16
def test_a_seed_makes_more_of_a_difference_than_bfloat16(tmp_path: Path) -> None:
    accuracies = []
    for seed in range(4):
        runs = [trained(tmp_path, precision, seed) for precision in ("float32", "bfloat16")]
        wide, half = (run.history for run in runs)
        assert half[-1]["train_loss"] == pytest.approx(wide[-1]["train_loss"], rel=0.1)
        assert half[-1]["train_loss"] != wide[-1]["train_loss"]
        assert half[-1]["train_loss"] < half[0]["train_loss"] / 10
        accuracies.append([run.result["metrics"]["accuracy"] for run in runs])
    wide_accuracies, half_accuracies = np.transpose(accuracies)
    assert wide_accuracies.min() > 0.9
    apart = np.abs(half_accuracies - wide_accuracies).max()
    assert apart < wide_accuracies.std()
