"""Presets that read series: what they expand to, how far they see, and that they learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.engine.graph import Graph, build_graph
from dltrain.engine.lower import Objective
from dltrain.engine.network import Network
from dltrain.engine.trainer import Trainer
from dltrain.losses.base import Loss
from dltrain.models.base import Model
from dltrain.models.sequential import Sequential
from dltrain.optimizers.base import Optimizer

STEPS, CHANNELS, TOLD = 40, 2, 3
PARAMETERS = {
    "lstm_forecaster": 4 * 64 * (CHANNELS + 64 + 1) + TOLD * (64 + 1),
    "tcn": 64 * (3 * CHANNELS + 1) + 64 * (CHANNELS + 1) + 7 * 64 * (3 * 64 + 1) + TOLD * (64 + 1),
}
SMALL: dict[str, dict[str, Any]] = {
    "lstm_forecaster": {"units": 7, "depth": 2, "dropout": 0.1},
    "tcn": {"filters": 6, "depth": 3, "summary": "average"},
}
every_preset = pytest.mark.parametrize("name", PARAMETERS)


def graph_of(name: str, **options: Any) -> Graph:
    model: Model = Model.parse({"type": name, **options})
    return build_graph(model.expand(), (STEPS, CHANNELS), TOLD)


def test_every_preset_is_tried_here() -> None:
    assert set(PARAMETERS) == {n for n, kind in Model.registry().items() if kind.reads_series}


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
    generator = np.random.default_rng(3)
    x = generator.normal(size=(37, STEPS, CHANNELS)).astype(np.float32)
    y = x[:, -TOLD:, 0].copy()
    found = []
    for threads in (1, 2):
        network = Network(graph_of(name, **SMALL[name]), threads=threads, seed=1)
        trainer = Trainer(
            network,
            loss=Loss.parse("mean_squared_error"),
            metrics=(),
            optimizer=Optimizer.parse({"type": "adam", "learning_rate": 0.02}),
            batch_size=37,
            threads=threads,
            seed=2,
            total_steps=30,
            target_form="dense",
        )
        losses = [trainer.step(x, y).loss for _ in range(30)]
        assert losses[-1] < 0.9 * losses[0]
        found.append({"losses": np.array(losses), **network.parameters})
    for key, values in found[0].items():
        np.testing.assert_array_equal(found[1][key], values, err_msg=key)


@pytest.mark.parametrize(("kernel_size", "depth"), [(2, 2), (3, 2), (2, 4)])
def test_the_last_step_sees_as_far_as_is_said(kernel_size: int, depth: int) -> None:
    seen = 1 + 2 * (kernel_size - 1) * (2**depth - 1)
    options = {"kernel_size": kernel_size, "depth": depth, "filters": 3, "activation": "tanh"}
    objective = Objective(Loss.parse("mean_squared_error"), (), "dense")
    network = Network(graph_of("tcn", **options), objective=objective)
    x = np.random.default_rng(0).normal(size=(STEPS + 1, STEPS, CHANNELS)).astype(np.float32)
    x[:] = x[0]
    x[np.arange(STEPS), np.arange(STEPS)] += 1
    y = network.forward(x)
    changed = (y[:STEPS] != y[STEPS]).any(axis=1)
    assert np.flatnonzero(changed).tolist() == list(range(STEPS - seen, STEPS))


def test_kernels_are_penalized() -> None:
    graph = graph_of("tcn", kernel_regularizer={"type": "l2", "l2": 0.1})
    kernels = [one for one in graph.parameters if one.name.endswith("kernel")]
    assert len(kernels) == 10
    assert all(one.spec.regularizer is not None for one in kernels)
