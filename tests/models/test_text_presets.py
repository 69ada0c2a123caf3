"""Presets that read texts: what they expand to, and that they learn to tell texts apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.inputs import InputFacts
from dltrain.engine.graph import Graph, build_graph
from dltrain.engine.network import Network
from dltrain.engine.trainer import Trainer
from dltrain.losses.base import Loss
from dltrain.models.base import Model
from dltrain.models.sequential import Sequential
from dltrain.optimizers.base import Optimizer

TOKENS, LENGTH, CLASSES = 1000, 20, 3
ENCODER = 4 * (128 * 128 + 128) + 2 * 128 * 512 + 512 + 128 + 4 * 128
PARAMETERS = {
    "bilstm": TOKENS * 128 + 2 * 4 * 64 * (128 + 64 + 1) + CLASSES * (128 + 1),
    "gru_classifier": TOKENS * 128 + 3 * 128 * (128 + 128 + 2) + CLASSES * (128 + 1),
    "lstm_classifier": TOKENS * 128 + 4 * 128 * (128 + 128 + 1) + CLASSES * (128 + 1),
    "text_cnn": TOKENS * 300 + 3 * 100 + (3 + 4 + 5) * 300 * 100 + CLASSES * (300 + 1),
    "transformer_classifier": (TOKENS + LENGTH) * 128 + 2 * ENCODER + 2 * 128 + CLASSES * (128 + 1),
}
SMALL: dict[str, dict[str, Any]] = {
    "bilstm": {"embedding_dim": 9, "units": 7, "depth": 2},
    "gru_classifier": {"embedding_dim": 9, "units": 7, "depth": 2, "dropout": 0.0},
    "lstm_classifier": {"embedding_dim": 9, "units": 7},
    "text_cnn": {"embedding_dim": 9, "filters": 5, "kernel_sizes": [2, 3]},
    "transformer_classifier": {"embedding_dim": 8, "num_heads": 2},
}
every_preset = pytest.mark.parametrize("name", PARAMETERS)


def graph_of(name: str, **options: Any) -> Graph:
    model = Model.parse({"type": name, **options})
    return build_graph(model.expand(), (LENGTH,), CLASSES, InputFacts(tokens=TOKENS))


def texts(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw texts of all lengths whose tokens tell the class."""
    generator = np.random.default_rng(3)
    labels = generator.integers(0, CLASSES, count).astype(np.int32)
    tokens = 2 + labels[:, None] * 300 + generator.integers(0, 300, (count, LENGTH))
    ends = generator.integers(1, LENGTH + 1, count)
    return np.where(np.arange(LENGTH) < ends[:, None], tokens, 0).astype(np.float32), labels


@every_preset
def test_parameters_are_those_of_the_layers(name: str) -> None:
    assert sum(row.parameters for row in graph_of(name).table()) == PARAMETERS[name]


@every_preset
def test_the_layers_written_out_are_the_preset(name: str) -> None:
    layers = Model.parse(name).expand()
    for form in ("dump", "brief"):
        written = Sequential.model_validate({"layers": [getattr(one, form)() for one in layers]})
        assert written.expand() == layers


@every_preset
def test_a_preset_learns_with_the_same_bits_for_any_number_of_threads(name: str) -> None:
    x, y = texts(37)
    found = []
    for threads in (1, 2):
        network = Network(graph_of(name, **SMALL[name]), threads=threads, seed=1)
        trainer = Trainer(
            network,
            loss=Loss.parse("categorical_crossentropy"),
            metrics=(),
            optimizer=Optimizer.parse({"type": "adam", "learning_rate": 0.02}),
            batch_size=37,
            threads=threads,
            seed=2,
            total_steps=15,
        )
        losses = [trainer.step(x, y).loss for _ in range(15)]
        assert losses[-1] < 0.8 * losses[0]
        found.append({"losses": np.array(losses), **network.parameters})
    for key, value in found[0].items():
        np.testing.assert_array_equal(value, found[1][key])
