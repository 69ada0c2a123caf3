"""Layers with windows against Keras' own in float64: where windows stand, and all gradients."""

from __future__ import annotations

import os
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from tests.benchmarks.keras_layers import compare_with_keras

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("default")]

Config = dict[str, Any]
IMAGE, SEQUENCE = (7, 9, 6), (11, 6)
NAMES = {
    "conv1d": "Conv1D",
    "conv2d_transpose": "Conv2DTranspose",
    "cropping2d": "Cropping2D",
    "depthwise_conv2d": "DepthwiseConv2D",
    "separable_conv2d": "SeparableConv2D",
    "up_sampling2d": "UpSampling2D",
    "zero_padding2d": "ZeroPadding2D",
    "average_pooling1d": "AveragePooling1D",
    "average_pooling2d": "AveragePooling2D",
    "max_pooling1d": "MaxPooling1D",
    "max_pooling2d": "MaxPooling2D",
    "global_average_pooling2d": "GlobalAveragePooling2D",
    "global_max_pooling1d": "GlobalMaxPooling1D",
}


def _transposed() -> list[Config]:
    fields = product(("valid", "same"), (1, 2, 3, 4, 5), (1, 2, 3), (None, 0, 1, 2))
    return [
        {
            "type": "conv2d_transpose",
            "filters": 5,
            "kernel_size": size,
            "strides": strides,
            "padding": padding,
            "output_padding": added,
        }
        for padding, size, strides, added in fields
        # Where the output is a stride short of the input, Keras on TensorFlow fails.
        if (added or 0) < strides and not (padding == "same" and size % 2 == 0 and added == 0)
    ]


def _depthwise() -> list[Config]:
    options: list[Config] = [{"strides": 2}, {"dilation_rate": 2}, {"depth_multiplier": 2}]
    windows = [
        {"kernel_size": 3, "padding": padding, **option}
        for padding, option in product(("valid", "same"), options)
    ]
    separable = [{"type": "separable_conv2d", "filters": 5, **window} for window in windows]
    return [*({"type": "depthwise_conv2d", **window} for window in windows), *separable]


def _over_time() -> list[Config]:
    options: list[Config] = [{"strides": 2}, {"dilation_rate": 2}, {"use_bias": False, "groups": 2}]
    return [
        {"type": "conv1d", "filters": 4, "kernel_size": 3, "padding": padding, **option}
        for padding, option in product(("valid", "same", "causal"), options)
    ]


def _poolings() -> list[Config]:
    return [
        {"type": f"{kind}_pooling{axes}d", "pool_size": 3, "strides": 2, "padding": padding}
        for kind, axes, padding in product(("average", "max"), (1, 2), ("valid", "same"))
    ]


def _others() -> list[Config]:
    sides: list[Any] = [1, [1, 2], [[0, 2], [1, 0]]]
    return [
        *({"type": "zero_padding2d", "padding": side} for side in sides),
        *({"type": "cropping2d", "cropping": side} for side in sides),
        {"type": "up_sampling2d", "size": [3, 2]},
        {"type": "up_sampling2d", "size": [3, 2], "interpolation": "bilinear"},
        {"type": "global_average_pooling2d", "keepdims": True},
        {"type": "global_max_pooling1d", "keepdims": True},
    ]


CASES = [*_transposed(), *_depthwise(), *_over_time(), *_poolings(), *_others()]
"""Layers, the fields of which Keras has too."""


@pytest.fixture(scope="module")
def keras() -> ModuleType:
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    pytest.importorskip("tensorflow", reason="needs the `peers` extra")
    return pytest.importorskip("keras", reason="needs the `peers` extra")


@pytest.mark.parametrize("layer", CASES, ids=lambda layer: " ".join(map(str, layer.values())))
def test_outputs_and_gradients_are_those_of_keras(layer: Config, keras: Any) -> None:
    kind = getattr(keras.layers, NAMES[layer["type"]])
    compare_with_keras(layer, SEQUENCE if layer["type"].endswith("1d") else IMAGE, kind)
