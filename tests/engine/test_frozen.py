"""Layers with `trainable: false`: there, saved, and left as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dltrain
from dltrain.cli.tables import layer_table, layers_json
from dltrain.config.loader import read_dict
from dltrain.core.errors import ConfigError
from dltrain.core.lowering import Target
from dltrain.engine.check import check
from dltrain.engine.lower import Lowered, Lowerer
from dltrain.engine.network import Network
from dltrain.engine.trainer import Trainer
from dltrain.layers.base import Layer
from dltrain.losses.base import Loss
from dltrain.models.sequential import Sequential
from dltrain.optimizers.base import Optimizer
from dltrain.storage import checkpoint
from dltrain.training.fit import fit
from tests.reference.architectures import Architecture, layer_names
from tests.reference.networks import build_network, random_batch

L2 = {"type": "l2", "l2": 0.1}
CONV: dict[str, Any] = {
    "type": "conv2d", "filters": 8, "kernel_size": 3, "padding": "same", "activation": "relu",
    "kernel_regularizer": L2,
}  # fmt: skip
POOL = {"type": "max_pooling2d"}
DENSE: dict[str, Any] = {"type": "dense", "units": 4, "activation": "relu"}
KINDS: dict[str, list[dict[str, Any]]] = {
    "conv2d": [CONV],
    "conv2d strided": [{**CONV, "strides": 2, "activation": "tanh"}],
    "conv2d pooled": [CONV, POOL],
    "conv2d depthwise": [{**CONV, "groups": 8, "activation": None}],
    "depthwise_conv2d": [{"type": "depthwise_conv2d", "kernel_size": 3, "activation": "relu"}],
    "separable_conv2d": [{"type": "separable_conv2d", "filters": 5, "kernel_size": 3}],
    "conv2d_transpose": [{"type": "conv2d_transpose", "filters": 5, "kernel_size": 3}],
    "conv1d": [
        {"type": "reshape", "target_shape": [20, 32]},
        {"type": "conv1d", "filters": 5, "kernel_size": 3, "activation": "relu"},
    ],
    "squeeze_excitation": [{"type": "squeeze_excitation", "ratio": 2}],
    "residual": [{"type": "residual", "layers": [CONV]}],
    "dense": [{"type": "flatten"}, {**DENSE, "kernel_regularizer": L2}],
    "normalizations": [
        {"type": "layer_normalization", "gamma_regularizer": L2},
        {"type": "group_normalization", "groups": 4},
        {"type": "instance_normalization"},
        {"type": "rms_normalization"},
    ],
    "slopes": [{"type": "prelu", "shared_axes": [1, 2]}, {"type": "layer_scale"}],
    "patches": [
        {"type": "patch_embedding", "patch_size": [5, 4], "output_dim": 6},
        {"type": "class_token"},
    ],
    "sequences": [
        {"type": "reshape", "target_shape": [20, 32]},
        {"type": "position_embedding"},
        {"type": "multi_head_attention", "num_heads": 2, "key_dim": 5},
        {"type": "multi_head_attention", "num_heads": 2, "key_dim": 4, "rotary": True},
        {"type": "simple_rnn", "units": 6, "return_sequences": True},
        {"type": "gru", "units": 5, "return_sequences": True},
        {"type": "lstm", "units": 4, "recurrent_regularizer": L2},
    ],
    "dense large": [{"type": "flatten"}, {**DENSE, "units": 300}],
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def architecture(*layers: dict[str, Any]) -> Architecture:
    first = {**CONV, "name": "first"}
    last = {"type": "dense", "units": 5, "activation": "softmax", "name": "last"}
    return {
        "input_shape": (10, 8, 3),
        "classes": 5,
        "layers": [first, *layers, {"type": "flatten"}, last],
        "loss": "categorical_crossentropy",
        "output_shape": (5,),
    }


def frozen(layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**layer, "trainable": False} for layer in layers]


def lower(network: Network) -> Lowered:
    lowerer = Lowerer(
        network.graph, Target(16, 32), objective=network.objective, training=True, gradients=True
    )
    return lowerer.lower()


def step(network: Network, x: Any, y: Any) -> Trainer:
    trainer = Trainer(
        network, loss=Loss.parse("categorical_crossentropy"), metrics=(),
        optimizer=Optimizer.parse("adam"), batch_size=len(x), threads=1, seed=0, total_steps=1,
    )  # fmt: skip
    trainer.step(x, y)
    return trainer


def test_every_layer_that_learns_is_frozen_here() -> None:
    learning = {name for name, layer in Layer.registry().items() if "parameters" in vars(layer)}
    tried = layer_names([layer for layers in KINDS.values() for layer in layers])
    elsewhere = {"normalization", "batch_normalization", "category_embedding", "embedding"}
    assert learning - elsewhere - {"tied_dense"} <= tried


@every_kind
def test_other_gradients_are_as_without_freezing(kind: str) -> None:
    free, held = architecture(*KINDS[kind]), architecture(*frozen(KINDS[kind]))
    x, y = random_batch(free, samples=11)
    _, wanted = build_network(free).loss_and_gradients(x, y)
    _, found = build_network(held, threads=2).loss_and_gradients(x, y)
    assert set(found) == {"first/kernel", "first/bias", "last/kernel", "last/bias"}
    for name, gradient in found.items():
        np.testing.assert_allclose(gradient, wanted[name], rtol=1e-5, atol=1e-6, err_msg=name)


@every_kind
def test_a_frozen_layer_is_a_parameter_that_no_step_and_no_slot_touches(kind: str) -> None:
    drawn = architecture(*frozen(KINDS[kind]))
    network = build_network(drawn)
    before = {name: values.copy() for name, values in network.parameters.items()}
    trainer = step(network, *random_batch(drawn, samples=11))
    changed = {n for n, values in network.parameters.items() if (values != before[n]).any()}
    learnt = {"first/kernel", "first/bias", "last/kernel", "last/bias"}
    assert changed == learnt < set(network.parameters)
    assert all(set(slot) == learnt for slot in trainer.slots.values())


@every_kind
def test_a_frozen_layer_has_no_rows_for_gradients_of_its_own(kind: str) -> None:
    lowered = lower(build_network(architecture(*frozen(KINDS[kind]))))
    written = {b.name for row in lowered.rows for b in row.writes if b.name.endswith("/gradient")}
    names = {name.removesuffix("/gradient") for name in written}
    learnt = ("kernel", "bias", "/gamma", "/beta", "/alpha", "/embeddings", "/token")
    own = {name for name in names if name.endswith(learnt)}
    assert own == {"first/kernel", "first/bias", "last/kernel", "last/bias"}


def test_a_frozen_batch_normalization_uses_and_keeps_its_moving_statistics() -> None:
    drawn = architecture({"type": "batch_normalization", "activation": "relu", "trainable": False})
    network = build_network(drawn)
    generator = np.random.default_rng(0)
    for values in (*network.state.values(), network.parameters["batch_normalization_1/gamma"]):
        values[...] = generator.uniform(0.5, 2, values.shape)
    before = {name: values.copy() for name, values in network.state.items()}
    x, y = random_batch(drawn, samples=11)
    in_training, _ = network.loss_and_gradients(x, y, training=True)
    outside, gradients = network.loss_and_gradients(x, y, training=False)
    assert in_training == outside
    assert not any(name.startswith("batch_normalization") for name in gradients)
    step(network, x, y)
    for name, values in network.state.items():
        np.testing.assert_array_equal(values, before[name])


def test_what_is_frozen_is_joined_for_predictions_as_what_is_not() -> None:
    convolution = {**CONV, "activation": None}
    held = architecture(*frozen([convolution]), {"type": "batch_normalization"})
    free = architecture(convolution, {"type": "batch_normalization"})
    counts = [
        len(Lowerer(build_network(drawn).graph, Target(16, 32)).nodes) for drawn in (held, free)
    ]
    assert counts[0] == counts[1] < len(build_network(free).graph.nodes)


def test_backward_stops_where_nothing_before_learns() -> None:
    drawn = architecture(*frozen([CONV]))
    drawn["layers"][0]["trainable"] = False
    lowered = lower(build_network(drawn))
    assert {row.layer for row in lowered.rows if row.backward} == {"last", "loss"}


def test_a_frozen_penalty_is_not_part_of_the_loss() -> None:
    """As in Keras: what cannot change is no aim."""
    drawn = architecture()
    drawn["layers"][0]["trainable"] = False
    network = build_network(drawn)
    x, y = random_batch(drawn)
    plain = architecture()
    del plain["layers"][0]["kernel_regularizer"]
    assert network.penalty() == 0
    assert network.loss_and_gradients(x, y)[0] == build_network(plain).loss_and_gradients(x, y)[0]


def test_a_frozen_container_freezes_all_inside() -> None:
    inner = {"type": "repeat", "times": 2, "layers": [DENSE, {**DENSE, "trainable": True}]}
    layers = [{"type": "residual", "layers": [inner], "trainable": False}, DENSE]
    model = Sequential.model_validate({"layers": layers})
    network = Network.build(model.expand(), input_shape=(4,))
    assert [parameter.frozen for parameter in network.graph.parameters] == [True] * 8 + [False] * 2
    assert list(network.store.named()) == ["dense_1/kernel", "dense_1/bias"]


def test_parameters_are_in_the_order_of_layers_whatever_is_frozen() -> None:
    free, held = architecture(CONV, CONV), architecture(*frozen([CONV]), CONV)
    assert list(build_network(free).parameters) == list(build_network(held).parameters)


def test_freezing_changes_no_starting_value() -> None:
    free, held = (
        Network.build(
            Sequential.model_validate({"layers": layers}).expand(), input_shape=(10, 8, 3), seed=3
        )
        for layers in ([CONV, CONV], [*frozen([CONV]), CONV])
    )
    for name, values in free.parameters.items():
        np.testing.assert_array_equal(values, held.parameters[name])


def config(*layers: Any) -> dict[str, Any]:
    last = {"type": "dense", "units": "classes", "activation": "softmax"}
    return {
        "dataset": "digits",
        "model": {"layers": ["flatten", *layers, last]},
        "optimizer": {"type": "adam", "learning_rate": 0.01},
        "training": {"loss": "categorical_crossentropy", "epochs": 1, "batch_size": 64},
    }


def test_a_run_keeps_frozen_parameters_and_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    settings, longer = config({**DENSE, "trainable": False}), {"training.epochs": 2}
    whole = fit(settings, overrides=longer, name="whole", runs=tmp_path)
    fit(settings, name="resumed", runs=tmp_path)
    resumed = fit(settings, overrides=longer, name="resumed", runs=tmp_path, resume=True)
    tensors = [
        checkpoint.load(run.folder / "checkpoints" / "last.safetensors").tensors
        for run in (whole, resumed)
    ]
    slots = {name.split("/", 2)[2] for name in tensors[0] if name.startswith("optimizer/")}
    assert slots == {"dense_2/kernel", "dense_2/bias"}
    assert set(tensors[0]) == set(tensors[1])
    for name, values in tensors[0].items():
        np.testing.assert_array_equal(values, tensors[1][name], err_msg=name)
    start = dltrain.build(settings)
    np.testing.assert_array_equal(tensors[0]["dense_1/kernel"], start.parameters["dense_1/kernel"])


def test_a_network_that_is_frozen_altogether_is_refused(tmp_path: Path) -> None:
    settings = config()
    settings["model"]["layers"][-1]["trainable"] = False
    (problem,) = check(read_dict(settings)).problems
    assert problem.path == "model"
    assert problem.message == "there is nothing to train: all parameters are frozen"
    with pytest.raises(ConfigError, match="nothing to train"):
        fit(settings, runs=tmp_path)


def test_a_network_without_parameters_is_refused(tmp_path: Path) -> None:
    images = np.zeros((20, 8, 8, 1), np.float32)
    np.savez(tmp_path / "data.npz", x_train=images, y_train=images.reshape(20, 64))
    settings = config()
    settings["dataset"] = {"type": "npz", "path": str(tmp_path / "data.npz")}
    settings["model"]["layers"] = ["flatten"]
    settings["training"]["loss"] = "mean_squared_error"
    with pytest.raises(ConfigError, match="no layer has parameters"):
        fit(settings, runs=tmp_path / "runs")


def test_a_summary_counts_what_is_frozen() -> None:
    network = build_network(architecture(*frozen([CONV])))
    rows = network.layers_table()
    assert layer_table(rows).splitlines()[-2:] == ["trainable  3,429", "frozen     584"]
    assert layers_json(rows)["parameters"] == 4013
    assert layers_json(rows)["frozen"] == 584
