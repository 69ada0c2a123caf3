"""Batches of shorter sequences: the same network, with less padding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dltrain
from dltrain.core.errors import ConfigError
from dltrain.engine.lower import Objective
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from dltrain.losses.categorical_crossentropy import CategoricalCrossentropy

STEPS, SHORT = 9, 4
EMBEDDING: dict[str, Any] = {
    "type": "embedding", "input_dim": 11, "output_dim": 6, "mask_zero": True,
}  # fmt: skip
ENDING: list[Any] = [{"type": "dense", "units": 3, "activation": "softmax"}]
ENCODER: dict[str, Any] = {"type": "transformer_encoder", "num_heads": 2, "intermediate_dim": 5}
NETWORKS: dict[str, list[Any]] = {
    "recurrent": [{"type": "bidirectional", "layer": {"type": "lstm", "units": 5}}],
    "attention": ["position_embedding", ENCODER, "global_average_pooling1d"],
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_shorter_batch_has_the_loss_and_gradients_of_a_padded_one(name: str) -> None:
    layers = tuple(Layer.parse(each) for each in [EMBEDDING, *NETWORKS[name], *ENDING])
    objective = Objective(CategoricalCrossentropy(), (), "labels")
    network = Network.build(layers, input_shape=(STEPS,), objective=objective, seed=1)
    generator = np.random.default_rng(2)
    tokens = generator.integers(1, 11, (7, STEPS)).astype(np.float32)
    tokens[:, SHORT:] = 0
    tokens[3, 1:] = 0
    labels = generator.integers(0, 3, 7).astype(np.int32)
    loss, gradients = network.loss_and_gradients(tokens, labels)
    program = network.program(
        batch_size=7, objective=objective, training=True, gradients=True,
        graph=network.graph.shortened(SHORT),
    )  # fmt: skip
    program.run([np.ascontiguousarray(tokens[:, :SHORT])], labels)
    assert program.totals()[0] == pytest.approx(loss, rel=1e-6)
    assert program.gradient is not None
    short = network.store.named(program.gradient)
    for key, value in gradients.items():
        np.testing.assert_allclose(short[key], value, rtol=1e-4, atol=1e-7, err_msg=key)


def config(folder: Path, *layers: Any, **training: Any) -> dict[str, Any]:
    generator = np.random.default_rng(4)
    words = [f"w{number}" for number in range(30)]
    rows = []
    for number in range(120):
        chosen = generator.choice(words[number % 2 * 15 :][:15], generator.integers(1, STEPS + 1))
        rows.append(f"{' '.join(chosen)},{number % 2}")
    (folder / "texts.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
    first = {**EMBEDDING, "input_dim": "tokens"}
    return {
        "name": "texts",
        "dataset": {
            "type": "text_csv", "path": str(folder / "texts.csv"), "buckets": 3, "validation": 0.2,
        },
        "model": {"layers": [first, *layers, {**ENDING[0], "units": "classes"}]},
        "optimizer": {"type": "adam", "learning_rate": 0.02},
        "training": {
            "loss": "categorical_crossentropy", "metrics": ["accuracy"], "epochs": 4,
            "batch_size": 8, **training,
        },
    }  # fmt: skip


def test_training_in_buckets_learns_and_gives_the_same_bits_for_any_number_of_threads(
    tmp_path: Path,
) -> None:
    found = []
    for threads in (1, 2):
        wanted = config(tmp_path, *NETWORKS["attention"], threads=threads)
        run = dltrain.fit(wanted, runs=tmp_path / str(threads))
        found.append([{k: v for k, v in line.items() if "loss" in k} for line in run.history])
        assert run.result["metrics"]["accuracy"] > 0.9
    assert found[0] == found[1]


def test_a_resumed_training_in_buckets_is_the_same(tmp_path: Path) -> None:
    wanted = config(tmp_path, *NETWORKS["recurrent"])
    whole = dltrain.fit(wanted, runs=tmp_path / "whole")
    dltrain.fit(wanted, runs=tmp_path / "cut", overrides={"training.epochs": 2})
    again = dltrain.fit(wanted, runs=tmp_path / "cut", resume=True)
    assert [line["train_loss"] for line in again.history] == [
        line["train_loss"] for line in whole.history
    ]
    for name in ("best", "last"):
        files = [tmp_path / each / "texts" / "checkpoints" for each in ("whole", "cut")]
        first, second = (dltrain.load(file / f"{name}.safetensors") for file in files)
        for key, value in first.network.parameters.items():
            np.testing.assert_array_equal(value, second.network.parameters[key])


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (["flatten"], "flatten does not know what is padding"),
        ([{"type": "conv1d", "filters": 4, "kernel_size": 2}, "global_max_pooling1d"], "conv1d"),
    ],
)
def test_layers_that_do_not_know_padding_are_refused(
    tmp_path: Path, layers: list[Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as raised:
        dltrain.build(config(tmp_path, *layers))
    assert raised.value.problems[0].path == "dataset.buckets"
