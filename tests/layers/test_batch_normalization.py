"""Batch normalization in training: batch statistics, moving ones, and what is fused with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.core.errors import NumericError
from dltrain.core.lowering import Target
from dltrain.engine.lower import Lowerer
from dltrain.engine.network import Network
from dltrain.engine.trainer import Trainer
from dltrain.layers.base import Layer
from dltrain.losses.base import Loss
from dltrain.optimizers.base import Optimizer
from tests.reference.architectures import Architecture
from tests.reference.judge import worst_gradient
from tests.reference.networks import build_network, random_batch
from tests.reference.twin import Twin

WIDTHS = (Target(4, 16), Target(8, 16), Target(16, 32))
NORM = {"type": "batch_normalization"}
LAST = [{"type": "flatten"}, {"type": "dense", "units": 3, "activation": "softmax"}]


def conv(filters: int, size: int = 3, strides: int = 1) -> dict[str, Any]:
    fields = {"filters": filters, "kernel_size": size, "strides": strides, "padding": "same"}
    return {"type": "conv2d", **fields, "use_bias": False}


def architecture(shape: tuple[int, ...], *layers: Any) -> Architecture:
    return {
        "input_shape": shape,
        "classes": 3,
        "layers": [{"type": one} if isinstance(one, str) else one for one in (*layers, *LAST)],
        "loss": "categorical_crossentropy",
        "output_shape": (3,),
    }


def relu(name: str = "relu") -> dict[str, Any]:
    return {"type": "activation", "activation": name}


def block(filters: int, strides: int = 1, *, projected: bool = False) -> dict[str, Any]:
    layers = [conv(filters, 3, strides), NORM, relu(), conv(filters), NORM]
    shortcut = [conv(filters, 1, strides), NORM] if projected else []
    return {"type": "residual", "layers": layers, "shortcut": shortcut, "activation": "relu"}


NETWORKS = {
    "vectors": architecture((7,), {"type": "dense", "units": 19, "use_bias": False}, NORM, relu()),
    "sequences": architecture(
        (5, 3), {"type": "dense", "units": 18, "use_bias": False}, NORM, relu("tanh")
    ),
    "one channel": architecture((6, 5, 2), conv(1), NORM, conv(2)),
    "without gamma": architecture((6, 5, 2), conv(5), {**NORM, "scale": False}, relu(), conv(2)),
    "without beta": architecture((6, 5, 2), conv(5), {**NORM, "center": False}, conv(2)),
    "relu6, then strides": architecture((9, 8, 3), conv(17), NORM, relu("relu6"), conv(4, 3, 2)),
    "two of them": architecture((6, 5, 2), conv(5), NORM, NORM, relu("silu"), conv(2)),
    "a chain of 1x1": architecture((6, 5, 2), conv(40, 1), NORM, relu(), conv(3, 1), NORM, relu()),
    "a residual block": architecture((7, 6, 3), conv(6), NORM, relu(), block(6), block(6)),
    "a projected one": architecture((9, 8, 3), conv(6), NORM, relu(), block(10, 2, projected=True)),
    "its input twice": architecture(
        (6, 5, 2), conv(5), NORM, relu(), {"type": "parallel", "branches": [[conv(3)], [conv(2)]]}
    ),
    "padding that moves the gradient": architecture(
        (6, 5, 2), conv(4), NORM, {**conv(5), "padding": [[1, 3], [3, 1]]}, NORM, conv(2)
    ),
    "padding that moves the image": architecture(
        (6, 5, 2),
        conv(5),
        NORM,
        {**conv(3, 3, 2), "type": "conv2d_transpose", "padding": [[0, 3], [0, 3]]},
    ),
    "gaps within one size": architecture(
        (6, 5, 2), conv(4), NORM, {**conv(3, 1, 2), "padding": [[5, 1], [4, 1]]}, NORM
    ),
    "windows of all kinds": architecture(
        (6, 5, 2),
        {"type": "depthwise_conv2d", "kernel_size": 3, "padding": "same", "depth_multiplier": 9},
        NORM,
        {"type": "zero_padding2d", "padding": 1},
        NORM,
        {"type": "separable_conv2d", "filters": 5, "kernel_size": 3, "strides": 2},
        NORM,
        {"type": "squeeze_excitation", "units": 2},
        {**conv(3, 3, 2), "type": "conv2d_transpose"},
        NORM,
        {"type": "cropping2d", "cropping": 1},
        {"type": "up_sampling2d", "interpolation": "bilinear"},
        {"type": "reshape", "target_shape": [-1, 3]},
        NORM,
        {"type": "conv1d", "filters": 4, "kernel_size": 3, "padding": "causal", "strides": 2},
        NORM,
        relu(),
    ),
    "the input itself": architecture((6, 5, 2), NORM, conv(5)),
    "bias and relu6, then depthwise": architecture(
        (7, 6, 3),
        {**conv(18), "use_bias": True},
        NORM,
        relu("relu6"),
        {"type": "depthwise_conv2d", "kernel_size": 3, "padding": "same", "use_bias": False},
        NORM,
        relu(),
        {**conv(7, 1), "use_bias": True},
        {**NORM, "center": False, "scale": False, "activation": "relu6"},
    ),
    "the last layer": architecture((6, 5, 2), conv(5), NORM),
    "bias and relu before it": architecture(
        (6, 5, 2),
        conv(5),
        {**conv(4), "use_bias": True, "activation": "relu"},
        NORM,
        conv(3),
        {**conv(5), "use_bias": True},
        NORM,
        conv(2),
    ),
    "a sum before it": architecture(
        (6, 5, 2),
        {
            "type": "parallel",
            "merge": "add",
            "branches": [[conv(3), {**conv(2), "use_bias": True, "activation": "relu"}], []],
        },
        NORM,
        conv(2),
    ),
    "sums of three": architecture(
        (6, 5, 2),
        conv(4),
        {"type": "parallel", "merge": "add", "branches": [[conv(4), NORM], [conv(4), NORM], []]},
        {"type": "parallel", "merge": "add", "branches": [[conv(4), NORM]]},
        relu(),
    ),
}


def built(name: str, **kwargs: Any) -> Network:
    network = build_network(NETWORKS[name], seed=1, **kwargs)
    generator = np.random.default_rng(5)
    for key, values in {**network.parameters, **network.state}.items():
        if key.endswith(("gamma", "moving_variance")):
            values[:] = generator.uniform(0.5, 1.5, values.shape)
        if key.endswith(("beta", "moving_mean")):
            values[:] = generator.normal(0, 0.3, values.shape)
    return network


def twin_of(name: str, network: Network, *, training: bool = True) -> Twin:
    arrays = {**network.parameters, **network.state}
    return Twin(NETWORKS[name]["layers"], NETWORKS[name]["loss"], arrays, training=training)


@pytest.mark.parametrize("samples", [6, 19])
@pytest.mark.parametrize("target", WIDTHS, ids=lambda target: f"width {target.width}")
@pytest.mark.parametrize("name", NETWORKS)
def test_training_has_the_loss_and_gradients_of_the_twin(
    name: str, target: Target, samples: int
) -> None:
    network = built(name)
    network.target = target
    x, y = random_batch(NETWORKS[name], samples=samples)
    loss, gradients = network.loss_and_gradients(x, y)
    wanted_loss, wanted = twin_of(name, network).loss_and_gradients(x, y)
    assert loss == pytest.approx(wanted_loss, rel=1e-5)
    error, key = worst_gradient(gradients, {key: wanted[key] for key in gradients})
    assert error < 2e-5, key


@pytest.mark.parametrize("name", NETWORKS)
def test_outside_of_training_the_moving_statistics_count(name: str) -> None:
    network = built(name)
    x, y = random_batch(NETWORKS[name], samples=11)
    twin = twin_of(name, network, training=False)
    np.testing.assert_allclose(network.forward(x), twin.forward(x), rtol=1e-4, atol=1e-6)
    _, gradients = network.loss_and_gradients(x, y, training=False)
    _, wanted = twin.loss_and_gradients(x, y)
    error, key = worst_gradient(gradients, {key: wanted[key] for key in gradients})
    assert error < 1e-5, key


@pytest.mark.parametrize(
    "name", ["a residual block", "a projected one", "a chain of 1x1", "windows of all kinds"]
)
def test_threads_change_no_bit(name: str) -> None:
    x, y = random_batch(NETWORKS[name], samples=37)
    (loss, first), *others = (
        built(name, threads=threads).loss_and_gradients(x, y) for threads in (1, 2, 3)
    )
    for other_loss, gradients in others:
        assert other_loss == loss
        for key, gradient in gradients.items():
            np.testing.assert_array_equal(gradient, first[key], err_msg=key)


def test_what_only_a_convolution_reads_is_not_kept() -> None:
    network = built("a residual block")
    lowerer = Lowerer(
        network.graph, WIDTHS[2], objective=network.objective, training=True, gradients=True
    )
    names = [node.layer.type_name for node, _ in lowerer.nodes]
    assert names.count("normalized_sum") == 2
    assert "add" not in names
    assert "activation" not in names[:-1]


@pytest.mark.parametrize(
    "name", ["a residual block", "a projected one", "bias and relu6, then depthwise"]
)
def test_predictions_need_no_rows_for_normalizations(name: str) -> None:
    network = built(name)
    kernels = [row.kernel for row in Lowerer(network.graph, WIDTHS[2]).lower().rows]
    assert not any("normalize" in kernel for kernel in kernels)
    x, _ = random_batch(NETWORKS[name], samples=3)
    before = network.forward(x)
    for key, values in {**network.parameters, **network.state}.items():
        if key.endswith(("kernel", "moving_mean")):
            values[:] += 0.1
    wanted = twin_of(name, network, training=False).forward(x)
    np.testing.assert_allclose(network.forward(x), wanted, rtol=1e-4, atol=1e-6)
    assert not np.allclose(before, wanted)


def training(x: NDArray[np.float32], momentum: float = 0.9) -> tuple[Network, Trainer]:
    layer = Layer.parse({**NORM, "momentum": momentum})
    last = Layer.parse({"type": "dense", "units": 3, "activation": "softmax"})
    layers = (layer, Layer.parse("flatten"), last)
    network = Network.build(layers, input_shape=x.shape[1:], threads=2)
    trainer = Trainer(
        network,
        loss=Loss.parse("categorical_crossentropy"),
        metrics=(),
        optimizer=Optimizer.parse({"type": "sgd", "learning_rate": 0.1}),
        batch_size=len(x),
        threads=2,
        seed=0,
        total_steps=1,
    )
    return network, trainer


def test_a_step_moves_the_statistics_towards_those_of_the_batch() -> None:
    x = np.random.default_rng(0).normal(3, 2, (21, 4, 5, 6)).astype(np.float32)
    network, trainer = training(x)
    trainer.step(x, np.zeros(21, np.int32))
    mean, variance = network.state.values()
    wide = x.astype(np.float64)
    np.testing.assert_allclose(mean, 0.1 * wide.mean((0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(variance, 0.9 + 0.1 * wide.var((0, 1, 2)), rtol=1e-6)


def test_a_smaller_last_batch_counts_its_own_samples() -> None:
    x = np.random.default_rng(0).normal(3, 2, (21, 4, 5, 6)).astype(np.float32)
    network, trainer = training(x, momentum=0.0)
    trainer.step(x[:5], np.zeros(5, np.int32))
    mean, variance = network.state.values()
    np.testing.assert_allclose(mean, x[:5].mean((0, 1, 2), np.float64), rtol=1e-6)
    np.testing.assert_allclose(variance, x[:5].astype(np.float64).var((0, 1, 2)), rtol=1e-6)


def test_a_refused_step_moves_nothing() -> None:
    x = np.random.default_rng(0).normal(3, 2, (21, 4, 5, 6)).astype(np.float32)
    network, trainer = training(x)
    x[3, 0, 0, 2] = np.nan
    with pytest.raises(NumericError, match="not finite"):
        trainer.step(x, np.zeros(21, np.int32))
    mean, variance = network.state.values()
    assert (mean == 0).all()
    assert (variance == 1).all()


def test_a_mean_far_from_zero_costs_no_digits() -> None:
    x = np.random.default_rng(0).normal(1000, 0.1, (8, 16, 16, 3)).astype(np.float32)
    network = Network.build((Layer.parse(NORM),), input_shape=x.shape[1:])
    wide = x.astype(np.float64)
    wanted = (wide - wide.mean((0, 1, 2))) / np.sqrt(wide.var((0, 1, 2)) + 1e-3)
    # A float32 near 1000 itself is known to 3e-5, a 3,000th of this deviation.
    np.testing.assert_allclose(network.forward(x, training=True), wanted, atol=1e-3)


def test_a_batch_of_one_number_is_normalized_to_beta() -> None:
    network = Network.build((Layer.parse(NORM),), input_shape=(3,))
    network.parameters["batch_normalization_1/beta"][:] = (1, 2, 3)
    x = np.array([[5, -7, 0]], np.float32)
    np.testing.assert_array_equal(network.forward(x, training=True), [[1, 2, 3]])


def test_nan_is_seen_in_its_channel_alone() -> None:
    x = np.random.default_rng(0).normal(size=(4, 3, 3, 5)).astype(np.float32)
    x[1, 2, 2, 3] = np.nan
    network = Network.build((Layer.parse({**NORM, "activation": "relu"}),), input_shape=(3, 3, 5))
    y = network.forward(x, training=True)
    assert np.isnan(y[..., 3]).all()
    assert np.isfinite(np.delete(y, 3, -1)).all()
