"""The twins themselves: their gradients are the differences of their losses."""

from __future__ import annotations

import numpy as np
import pytest

from dltrain.activations.base import Activation
from dltrain.engine.graph import build_graph
from dltrain.layers.base import Layer
from dltrain.models.sequential import Sequential
from tests.reference.architectures import layer_names
from tests.reference.judge import worst_gradient
from tests.reference.twin import Twin
from tests.reference.twin_layers import Array, Config

CONV: Config = {"type": "conv2d", "filters": 4, "kernel_size": 3}
DENSE: Config = {"type": "dense", "units": 4}
DENSE_PIXELS: Config = {**CONV, "kernel_size": 1}
IMAGE, SEQUENCE = (5, 6, 4), (7, 4)
SHARED: Config = {"shared_axes": [1, 2, 3]}
GATE: list[Config] = [{"type": "global_average_pooling2d"}, {**DENSE, "activation": "sigmoid"}]
L2 = {"type": "l2", "l2": 0.1}
TWICE = {"kernel_size": [2, 3], "padding": [0, 1], "depthwise_regularizer": L2}
SAME = {**CONV, "padding": "same", "activation": "tanh"}

PATCHES: Config = {
    "type": "patch_embedding", "patch_size": [1, 2], "output_dim": 3, "use_bias": False
}  # fmt: skip
LSTM: Config = {"type": "lstm", "units": 3, "return_sequences": True}
GRU: Config = {"type": "gru", "units": 3}
HEADS: Config = {"type": "multi_head_attention", "num_heads": 2, "key_dim": 3}
FRAMES: Config = {
    "type": "time_distributed", "layer": {**CONV, "kernel_size": 2, "activation": "tanh"}
}  # fmt: skip
CUT: Config = {"type": "cropping1d", "name": "cut"}
NOT_HERE = {"category_embedding", "transformer_decoder", "transformer_encoder"}
"""Layers of layers that are all here, and of a table's columns: see its own tests."""
TOKENS: Config = {"type": "embedding", "name": "tokens", "input_dim": 9, "output_dim": 4}
TIED: Config = {"type": "tied_dense", "embedding": "tokens"}

CASES: list[tuple[tuple[int, ...], list[Config]]] = [
    (SEQUENCE, [{**LSTM, "go_backwards": True}, {**LSTM, "use_bias": False}]),
    (SEQUENCE, [{**GRU, "return_sequences": True}, {**GRU, "go_backwards": True}]),
    (SEQUENCE, [{"type": "simple_rnn", "units": 3, "return_sequences": True}]),
    (SEQUENCE, [{"type": "bidirectional", "layer": LSTM, "merge": "add"}]),
    (SEQUENCE, [{"type": "position_embedding"}, {**HEADS, "causal": True}]),
    (SEQUENCE, [{"type": "masking"}, {**DENSE, "activation": "tanh"}]),
    (SEQUENCE, [{**HEADS, "num_kv_heads": 1, "value_dim": 2, "use_bias": False}]),
    (SEQUENCE, [DENSE, {"type": "sinusoidal_position_embedding"}, {**HEADS, "num_heads": 1}]),
    (SEQUENCE, [{**HEADS, "key_dim": 4, "rotary": True, "rotary_base": 50, "num_kv_heads": 1}]),
    (SEQUENCE, [CUT, {**HEADS, "inputs": ["input", "cut"], "rotary": True, "key_dim": 2}]),
    (SEQUENCE, [CUT, {**DENSE, "units": 3}, {**HEADS, "inputs": ["input", "cut", "dense_1"]}]),
    ((7,), [TOKENS, HEADS, {**TIED, "use_bias": True}]),
    ((7,), [TOKENS, {"type": "take_step", "step": -2}, TIED]),
    (IMAGE, [SAME, {"type": "patch_embedding", "patch_size": [5, 3], "output_dim": 2}]),
    (IMAGE, [SAME, PATCHES, {"type": "class_token"}, HEADS, {"type": "take_step"}]),
    (SEQUENCE, [{"type": "time_distributed", "layer": {**DENSE, "activation": "tanh"}}]),
    (IMAGE, [{"type": "reshape", "target_shape": [2, 5, 3, 4]}, FRAMES]),
    (SEQUENCE, [DENSE, {"type": "take_steps", "start": 1, "stop": -2}]),
    (SEQUENCE, [DENSE, {"type": "cropping1d", "cropping": [1, 2]}]),
    (SEQUENCE, [{**DENSE, "kernel_regularizer": {"type": "l1_l2", "l1": 0.1, "l2": 0.2}}]),
    (SEQUENCE, [{**DENSE, "use_bias": False}, {"type": "flatten"}]),
    (IMAGE, [{**CONV, "strides": [2, 1], "padding": "same", "kernel_size": [3, 2]}]),
    (IMAGE, [{**CONV, "groups": 2, "dilation_rate": [2, 1], "use_bias": False}]),
    (IMAGE, [{**CONV, "groups": 4, "padding": [[1, 0], [0, 2]], "strides": 3}]),
    (IMAGE, [CONV, {"type": "max_pooling2d", "ceil_mode": True}]),
    (IMAGE, [CONV, {"type": "max_pooling2d", "pool_size": 3, "strides": 1, "padding": 1}]),
    (IMAGE, [CONV, {"type": "average_pooling2d", "padding": "same", "strides": [2, 3]}]),
    (IMAGE, [CONV, {"type": "average_pooling2d", "pool_size": 3, "ceil_mode": True}]),
    (IMAGE, [CONV, {"type": "average_pooling2d", "padding": 1, "count_include_pad": True}]),
    (SEQUENCE, [DENSE, {"type": "max_pooling1d", "pool_size": 3}]),
    (SEQUENCE, [DENSE, {"type": "average_pooling1d", "padding": [0, 1], "strides": 3}]),
    (IMAGE, [CONV, {"type": "global_average_pooling2d"}]),
    (IMAGE, [CONV, {"type": "global_max_pooling2d", "keepdims": True}]),
    (SEQUENCE, [DENSE, {"type": "global_average_pooling1d"}]),
    (SEQUENCE, [DENSE, {"type": "global_max_pooling1d"}]),
    (IMAGE, [CONV, {**TWICE, "type": "depthwise_conv2d", "depth_multiplier": 2}]),
    (IMAGE, [CONV, {**TWICE, "type": "separable_conv2d", "filters": 3, "strides": [1, 2]}]),
    (IMAGE, [{**CONV, "type": "conv2d_transpose", "strides": [2, 1], "padding": "same"}]),
    (IMAGE, [{**CONV, "type": "conv2d_transpose", "dilation_rate": 2, "output_padding": 0}]),
    (IMAGE, [CONV, {"type": "zero_padding2d", "padding": [[1, 0], [0, 2]]}]),
    (IMAGE, [CONV, {"type": "cropping2d", "cropping": [[1, 0], [0, 2]]}]),
    (IMAGE, [CONV, {"type": "up_sampling2d", "size": [2, 3]}]),
    (IMAGE, [CONV, {"type": "up_sampling2d", "size": [3, 2], "interpolation": "bilinear"}]),
    (IMAGE, [CONV, {"type": "squeeze_excitation", "ratio": 2, "kernel_regularizer": L2}]),
    (IMAGE, [CONV, {"type": "squeeze_excitation", "units": 3, "gate_activation": "tanh"}]),
    (SEQUENCE, [{**CONV, "type": "conv1d", "padding": "causal", "dilation_rate": 2, "groups": 2}]),
    (SEQUENCE, [{**CONV, "type": "conv1d", "padding": 1, "strides": 2, "use_bias": False}]),
    (IMAGE, [CONV, {"type": "reshape", "target_shape": [3, -1]}, DENSE]),
    (
        SEQUENCE,
        [DENSE, {"type": "rescaling", "scale": 3, "offset": 1}, {"type": "dropout", "rate": 0.5}],
    ),
    (SEQUENCE, [DENSE, {"type": "normalization"}, DENSE]),
    (SEQUENCE, [DENSE, {"type": "batch_normalization", "epsilon": 0.1}, DENSE]),
    (IMAGE, [CONV, {"type": "batch_normalization", "center": False}, DENSE_PIXELS]),
    (IMAGE, [CONV, {"type": "batch_normalization", "scale": False}, DENSE_PIXELS]),
    (SEQUENCE, [DENSE, {"type": "layer_normalization", "gamma_regularizer": L2}, DENSE]),
    (IMAGE, [CONV, {"type": "layer_normalization", "center": False}, DENSE_PIXELS]),
    (SEQUENCE, [DENSE, {"type": "rms_normalization", "epsilon": 0.1}, DENSE]),
    (IMAGE, [CONV, {"type": "rms_normalization", "scale": False}, DENSE_PIXELS]),
    (IMAGE, [CONV, {"type": "group_normalization", "groups": 2}, DENSE_PIXELS]),
    (SEQUENCE, [DENSE, {"type": "group_normalization", "groups": -1, "scale": False}, DENSE]),
    (IMAGE, [CONV, {"type": "instance_normalization", "beta_regularizer": L2}, DENSE_PIXELS]),
    (IMAGE, [CONV, {"type": "layer_scale"}, {"type": "prelu"}, DENSE_PIXELS]),
    (IMAGE, [CONV, {"type": "prelu", "shared_axes": [1, 2], "alpha_regularizer": L2}]),
    (IMAGE, [CONV, {"type": "spatial_dropout2d", "rate": 0.3}, {"type": "prelu", **SHARED}]),
    (SEQUENCE, [DENSE, {"type": "gaussian_noise", "stddev": 0.3}, DENSE]),
    (SEQUENCE, [DENSE, {"type": "stochastic_depth", "rate": 0.3}, DENSE]),
    (IMAGE, [{"type": "residual", "layers": [SAME, SAME], "activation": "selu"}]),
    (IMAGE, [{"type": "residual", "layers": [SAME], "shortcut": [SAME, SAME]}]),
    (IMAGE, [{"type": "repeat", "times": 3, "layers": [SAME]}]),
    (IMAGE, [{"type": "sequential", "layers": [SAME, SAME], "activation": "tanh"}]),
    (IMAGE, [CONV, {"type": "channel_padding", "padding": [2, 1]}]),
    (SEQUENCE, [DENSE, {"type": "channel_padding", "padding": 3}]),
    (SEQUENCE, [{"type": "parallel", "branches": [[DENSE], [], [DENSE, DENSE]]}]),
    (SEQUENCE, [{"type": "parallel", "branches": [[DENSE], []], "merge": "add"}]),
    (SEQUENCE, [{"type": "parallel", "branches": [[DENSE], [], [DENSE]], "merge": "multiply"}]),
    (SEQUENCE, [{"type": "parallel", "branches": [[DENSE], [], [DENSE]], "merge": "maximum"}]),
    (IMAGE, [{"type": "parallel", "branches": [GATE, [SAME], GATE], "merge": "multiply"}]),
    (
        SEQUENCE,
        [
            {**DENSE, "name": "a"},
            {**DENSE, "inputs": ["input"], "activation": "tanh"},
            {"type": "add", "inputs": ["a", "dense_2", "a"], "activation": "elu"},
            {"type": "multiply", "inputs": ["add_1", "input", "a"]},
            {"type": "maximum", "inputs": ["multiply_1", "input", "a"]},
            {"type": "concatenate", "inputs": ["add_1", "input", "maximum_1"]},
        ],
    ),
]


def arrays(layers: list[Config], shape: tuple[int, ...]) -> dict[str, Array]:
    """Draw parameters and state of the shapes that dltrain asks for."""
    graph = build_graph(Sequential.model_validate({"layers": layers}).expand(), shape)
    generator = np.random.default_rng(0)
    drawn = {one.name: generator.normal(0, 0.5, one.spec.shape) for one in graph.parameters}
    return {name: np.abs(v) if name.endswith("variance") else v for name, v in drawn.items()}


def differences(twin: Twin, x: Array, target: Array, h: float = 1e-6) -> dict[str, Array]:
    """Give the gradients by moving every number up and down."""
    gradients = {}
    for name, values in twin.values.items():
        gradients[name] = np.zeros_like(values)
        for place in np.ndindex(values.shape):
            middle = values[place]
            values[place] = middle + h
            above, _ = twin.loss_and_gradients(x, target)
            values[place] = middle - h
            below, _ = twin.loss_and_gradients(x, target)
            values[place] = middle
            gradients[name][place] = (above - below) / (2 * h)
    return gradients


def check(
    layers: list[Config],
    shape: tuple[int, ...],
    loss: str = "mean_squared_error",
    *,
    training: bool = False,
) -> None:
    generator = np.random.default_rng(1)
    x = generator.normal(size=(2, *shape))
    if layers[0]["type"] == "embedding":
        x = generator.integers(0, layers[0]["input_dim"], x.shape)
    twin = Twin(layers, loss, arrays(layers, shape), training=training)
    target = generator.integers(0, 2, twin.forward(x).shape).astype(float)
    _, found = twin.loss_and_gradients(x, target)
    state = [name for name in found if name.endswith(("mean", "variance"))]
    wanted = differences(twin, x, target)
    for name in state:
        del found[name], wanted[name]
    error, name = worst_gradient(found, wanted)
    assert error < 1e-7, f"{name} in {layers}"


@pytest.mark.parametrize(("shape", "layers"), CASES)
def test_gradients_of_a_twin_are_differences_of_its_loss(
    shape: tuple[int, ...], layers: list[Config]
) -> None:
    check([*layers, {"type": "activation", "activation": "tanh"}], shape)


@pytest.mark.parametrize(
    ("shape", "layers"),
    [case for case in CASES if "batch_normalization" in layer_names(case[1])],
)
def test_gradients_flow_through_the_statistics_of_a_batch(
    shape: tuple[int, ...], layers: list[Config]
) -> None:
    check([*layers, {"type": "activation", "activation": "tanh"}], shape, training=True)


@pytest.mark.parametrize("name", Activation.registry())
def test_gradients_flow_through_every_activation(name: str) -> None:
    check([DENSE, {"type": "activation", "activation": name}, DENSE], SEQUENCE)


@pytest.mark.parametrize(
    "activation",
    [
        {"type": "leaky_relu", "negative_slope": 0.4},
        {"type": "elu", "alpha": 0.7},
        {"type": "gelu", "approximate": True},
    ],
)
def test_fields_of_an_activation_count(activation: Config) -> None:
    check([{**DENSE, "activation": activation}, DENSE], SEQUENCE)


@pytest.mark.parametrize(
    ("loss", "last"),
    [("categorical_crossentropy", "softmax"), ("binary_crossentropy", "sigmoid")],
)
def test_gradients_flow_from_every_loss(loss: str, last: str) -> None:
    check([DENSE, {**DENSE, "activation": last}], (5,), loss)


def test_every_layer_has_a_twin() -> None:
    tried = set().union(*(layer_names(layers) for _, layers in CASES))
    assert tried | {"activation"} | NOT_HERE == set(Layer.registry())
