"""Presets that go on with sequences of tokens: what they expand to, and that they learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import dltrain
from dltrain.core.inputs import InputFacts
from dltrain.engine.graph import Graph, build_graph
from dltrain.engine.lower import Objective
from dltrain.engine.network import Network
from dltrain.engine.trainer import Trainer
from dltrain.losses.base import Loss
from dltrain.models.base import Model
from dltrain.models.sequential import Sequential
from dltrain.optimizers.base import Optimizer

SMALL: dict[str, dict[str, Any]] = {
    "gpt": {"size": "nano", "num_layers": 2},
    "seq2seq": {"source_length": 6, "num_layers": 2, "num_heads": 2, "hidden_dim": 24},
}
LENGTH, KINDS = 13, 11
LOSS = Loss.parse("categorical_crossentropy")
every_preset = pytest.mark.parametrize("name", SMALL)


def graph_of(name: str, length: int = LENGTH, kinds: int = KINDS, **options: Any) -> Graph:
    layers = Model.parse({"type": name, **options}).expand()
    source = 6 if name == "seq2seq" else None
    return build_graph(layers, (length,), kinds, InputFacts(tokens=kinds, source=source))


def parameters(graph: Graph) -> int:
    return sum(row.parameters for row in graph.table())


def copies(count: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Draw a sequence and itself again, with a token between; the target is told a step ahead."""
    source = np.random.default_rng(3).integers(2, KINDS, (count, 6))
    start = np.ones((count, 1), int)
    tokens = np.concatenate([source, start, source], 1)
    return tokens.astype(np.float32), np.roll(tokens, -1, 1).astype(np.int32)


def test_every_preset_of_tokens_is_tried_here() -> None:
    models = Model.registry().items()
    assert set(SMALL) == {name for name, model in models if model.reads_tokens}


@pytest.mark.parametrize(
    ("size", "count"),
    [
        ("small", 124_439_808),
        ("medium", 354_823_168),
        ("large", 774_030_080),
        ("xl", 1_557_611_200),
    ],
)
def test_gpt_has_as_many_parameters_as_published(size: str, count: int) -> None:
    assert parameters(graph_of("gpt", 1024, 50257, size=size)) == count


@pytest.mark.parametrize(("size", "count"), [("nano", 84_912), ("mini", 2_669_568)])
def test_smaller_gpts_have_the_blocks_of_mingpt(size: str, count: int) -> None:
    graph = graph_of("gpt", size=size)
    blocks = [one.size for one in graph.parameters if one.name.startswith("block")]
    norm = [one.size for one in graph.parameters if one.name.startswith("norm")]
    assert sum(blocks) + sum(norm) == count


def test_a_gpt_that_is_not_tied_has_a_matrix_more() -> None:
    tied, free = (parameters(graph_of("gpt", size="nano", tied=tied)) for tied in (True, False))
    assert free - tied == 48 * KINDS


@pytest.mark.parametrize("positions", ["sinusoidal", "rotary"])
def test_positions_that_are_not_learnt_need_no_parameters(positions: str) -> None:
    learnt = parameters(graph_of("gpt", size="nano"))
    assert learnt - parameters(graph_of("gpt", size="nano", positions=positions)) == 48 * LENGTH


def test_seq2seq_has_the_blocks_of_the_transformers_base_model() -> None:
    # 63.1 million with one table of 37,000 tokens, of which 18.9 million are the table's.
    graph = graph_of("seq2seq", 100, 37000, source_length=32)
    attention, dense, norm = 4 * (512 * 512 + 512), 2 * 512 * 2048 + 2048 + 512, 2 * 512
    blocks = 6 * (attention + dense + 2 * norm) + 6 * (2 * attention + dense + 3 * norm)
    assert parameters(graph) == blocks + 2 * 37000 * 512
    assert graph.output is not None
    assert graph.output.shape == (68, 37000)


@every_preset
def test_the_layers_written_out_are_the_preset(name: str) -> None:
    layers = Model.parse({"type": name, **SMALL[name]}).expand()
    for form in ("dump", "brief"):
        written = Sequential.model_validate({"layers": [getattr(one, form)() for one in layers]})
        assert written.expand() == layers


@every_preset
def test_options_reach_the_layers(name: str) -> None:
    fields = {"classes": 17, "classifier_activation": "sigmoid", "tied": False}
    penalty = {"type": "l2", "l2": 0.001}
    graph = graph_of(name, **SMALL[name], **fields, kernel_regularizer=penalty)
    assert graph.output is not None
    assert graph.output.shape[-1] == 17
    assert graph.nodes[-1].type == "sigmoid"
    kernels = [one for one in graph.parameters if one.name.endswith("kernel")]
    assert all(one.spec.regularizer is not None for one in kernels)
    types = {f"{row.type}_" for row in graph.table()}
    names = {one.name.split("/")[-2] for one in graph.parameters}
    assert not [name for name in names for kind in types if name.startswith(kind)]


@every_preset
def test_a_preset_learns_with_the_same_bits_for_any_number_of_threads(name: str) -> None:
    x, y = copies(37)
    y = y[:, 6:] if name == "seq2seq" else y
    found = []
    for threads in (1, 2):
        network = Network(graph_of(name, **SMALL[name]), threads=threads, seed=1)
        trainer = Trainer(
            network,
            loss=LOSS,
            metrics=(),
            optimizer=Optimizer.parse({"type": "adam", "learning_rate": 0.01}),
            batch_size=37,
            threads=threads,
            seed=2,
            total_steps=15,
        )
        losses = [trainer.step(x, y).loss for _ in range(15)]
        assert losses[-1] < 0.95 * losses[0]
        found.append({"losses": np.array(losses), **network.parameters})
    for key, value in found[0].items():
        np.testing.assert_array_equal(value, found[1][key])


def test_seq2seq_normalizes_behind_blocks_that_begin_with_a_normalization() -> None:
    names = [row.name for row in graph_of("seq2seq", **SMALL["seq2seq"], norm_first=True).table()]
    assert names.index("encoded") < names.index("target/tokens")
    assert names.index("decoded") < names.index("classifier")


def test_seq2seq_learns_from_a_file_of_sequences(tmp_path: Path) -> None:
    x, y = copies(300)
    y = y[:, 6:]
    x[::2, 5] = x[::2, 12] = y[::2, 5] = 0  # padding
    arrays = {
        f"{name}_{part}": one for part in ("train", "test") for name, one in (("x", x), ("y", y))
    }
    np.savez(tmp_path / "data.npz", **arrays)
    config = {
        "dataset": {
            "type": "npz", "path": str(tmp_path / "data.npz"), "targets": "labels",
            "ignore_class": 0,
        },
        "model": {"type": "seq2seq", **SMALL["seq2seq"], "tokens": KINDS, "norm_first": True},
        "optimizer": {"type": "adam", "learning_rate": 0.01},
        "training": {
            "loss": "categorical_crossentropy", "metrics": ["accuracy"], "epochs": 2,
            "batch_size": 32,
        },
    }  # fmt: skip
    run = dltrain.fit(config, runs=tmp_path)
    lines = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    assert lines[1]["train_loss"] < 0.95 * lines[0]["train_loss"]


def test_a_target_of_seq2seq_sees_the_source_but_no_later_target() -> None:
    objective = Objective(LOSS, (), "labels")
    network = Network(graph_of("seq2seq", **SMALL["seq2seq"]), objective=objective, seed=1)
    x, _ = copies(1)
    before = network.forward(x)[0].copy()
    later = x.copy()
    later[0, 10] += 1 if later[0, 10] < KINDS - 1 else -1
    changed = (network.forward(later)[0] != before).any(-1)
    assert changed.tolist() == [False] * 4 + [True] * 3
    source = x.copy()
    source[0, 5] += 1 if source[0, 5] < KINDS - 1 else -1
    assert (network.forward(source)[0] != before).any(-1).all()
