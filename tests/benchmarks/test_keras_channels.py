"""Normalizations and slopes against Keras' own in float64: fields, defaults, all gradients."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.benchmarks.keras_layers import compare_with_keras

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("default")]

Config = dict[str, Any]
SHAPES = [(18,), (11, 6), (7, 9, 12)]
LAYERS: list[tuple[str, Config]] = [
    ("LayerNormalization", {"type": "layer_normalization"}),
    ("LayerNormalization", {"type": "layer_normalization", "epsilon": 0.1, "center": False}),
    ("LayerNormalization", {"type": "layer_normalization", "scale": False}),
    ("RMSNormalization", {"type": "rms_normalization"}),
    ("RMSNormalization", {"type": "rms_normalization", "epsilon": 0.1}),
    ("GroupNormalization", {"type": "group_normalization", "groups": 3}),
    ("GroupNormalization", {"type": "group_normalization", "groups": 1, "epsilon": 0.1}),
    ("GroupNormalization", {"type": "group_normalization", "groups": 2, "center": False}),
    ("GroupNormalization", {"type": "group_normalization", "groups": 2, "scale": False}),
    ("PReLU", {"type": "prelu"}),
]
SLOPES: list[tuple[tuple[int, ...], list[int]]] = [
    ((11, 6), [1]),
    ((11, 6), [2]),
    ((7, 9, 12), [1, 2]),
    ((7, 9, 12), [1, 3]),
    ((7, 9, 12), [1, 2, 3]),
]


@pytest.fixture(scope="module")
def keras() -> ModuleType:
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    pytest.importorskip("tensorflow", reason="needs the `peers` extra")
    return pytest.importorskip("keras", reason="needs the `peers` extra")


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("name", "layer"), LAYERS, ids=str)
def test_outputs_and_gradients_are_those_of_keras(
    name: str, layer: Config, shape: tuple[int, ...], keras: Any
) -> None:
    compare_with_keras(layer, shape, getattr(keras.layers, name))


@pytest.mark.parametrize("shape", SHAPES[1:], ids=str)
def test_groups_of_one_channel_are_those_of_keras(shape: tuple[int, ...], keras: Any) -> None:
    layer = {"type": "group_normalization", "groups": -1}
    compare_with_keras(layer, shape, keras.layers.GroupNormalization)


@pytest.mark.parametrize(("shape", "axes"), SLOPES)
def test_slopes_are_shared_as_by_keras(shape: tuple[int, ...], axes: list[int], keras: Any) -> None:
    layer = {"type": "prelu", "shared_axes": axes}
    compare_with_keras(layer, shape, keras.layers.PReLU)
