"""What begins and ends networks of encoders: patches, a class token, single steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import ShapeError
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from tests.reference.architectures import Architecture
from tests.reference.layer_twin import at_every_width, compare, normal
from tests.reference.network_check import check_network
from tests.reference.networks import build_network, random_batch
from tests.reference.parameter_bench import ParameterBench

ENCODER = {"type": "multi_head_attention", "num_heads": 2, "key_dim": 5}
CONV = {"type": "conv2d", "filters": 5, "kernel_size": 3, "padding": "same"}


def patches(size: Any, features: int, **fields: Any) -> dict[str, Any]:
    return {"type": "patch_embedding", "patch_size": size, "output_dim": features, **fields}


@at_every_width
@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize(
    ("config", "shape"),
    [
        (patches(1, 3), (2, 3, 1)),
        (patches(4, 33), (8, 12, 3)),
        (patches([2, 5], 7, use_bias=False), (6, 5, 18)),
        (patches(8, 80), (8, 24, 3)),
        ({"type": "class_token"}, (1, 5)),
        ({"type": "class_token"}, (9, 18)),
        ({"type": "take_step", "step": 0}, (1, 3)),
        ({"type": "take_step", "step": 4}, (7, 18)),
        ({"type": "take_step", "step": -1}, (7, 5)),
        ({"type": "take_steps"}, (3, 5)),
        ({"type": "take_steps", "start": 2}, (7, 18)),
        ({"type": "take_steps", "start": -3, "stop": -1}, (7,)),
        ({"type": "cropping1d"}, (3, 5)),
        ({"type": "cropping1d", "cropping": [0, 6]}, (7, 18)),
        ({"type": "cropping1d", "cropping": 0}, (7, 18)),
    ],
    ids=str,
)
def test_output_and_gradients_are_those_of_the_twin(
    config: dict[str, Any], shape: tuple[int, ...], accumulate: bool, target: Any
) -> None:
    x = normal(3, *shape)
    compare(ParameterBench(config, x, target=target, accumulate=accumulate), x, config)


def vision(size: tuple[int, int, int], **fields: Any) -> Architecture:
    layers = [
        CONV, patches(4, 12, **fields), {"type": "class_token"}, {"type": "position_embedding"},
        ENCODER, {"type": "take_step"}, {"type": "dense", "units": 3},
    ]  # fmt: skip
    return {
        "input_shape": size, "classes": 3, "layers": layers, "loss": "mean_squared_error",
        "output_shape": (3,),
    }  # fmt: skip


@pytest.mark.parametrize("size", [(4, 4, 1), (8, 12, 3)])
def test_a_network_computes_what_its_twin_does(size: tuple[int, int, int]) -> None:
    drawn = vision(size)
    check_network(drawn, build_network(drawn, seed=1), 19)


def test_any_number_of_threads_gives_the_same_bits() -> None:
    drawn = vision((8, 12, 3))
    drawn["layers"][1] = patches(4, 900)
    x, y = random_batch(drawn, samples=37)
    one, two = (
        build_network(drawn, seed=1, threads=threads).loss_and_gradients(x, y)[1]
        for threads in (1, 2)
    )
    for key, value in one.items():
        np.testing.assert_array_equal(two[key], value)


def test_patches_are_a_convolution_whose_strides_are_its_kernel() -> None:
    x = np.random.default_rng(0).normal(size=(3, 8, 12, 3)).astype(np.float32)
    mine = Network.build((Layer.parse(patches([4, 3], 10)),), input_shape=x.shape[1:])
    conv = {"type": "conv2d", "filters": 10, "kernel_size": [4, 3], "strides": [4, 3]}
    plain = Network.build((Layer.parse(conv),), input_shape=x.shape[1:])
    for own, other in zip(mine.parameters.values(), plain.parameters.values(), strict=True):
        other[...] = own
    wanted = plain.forward(x).reshape(3, 8, 10)
    np.testing.assert_allclose(mine.forward(x), wanted, rtol=1e-5, atol=1e-6)
    work = [sum(facts.multiply_adds for facts in net.layers_table()) for net in (mine, plain)]
    assert work[0] == work[1]


@pytest.mark.parametrize(
    ("config", "shape", "message"),
    [
        (patches(4, 8), (8, 9, 3), "patches of 4x4 do not cover an image of 8x9"),
        (patches(4, 8), (8, 9), "takes images, but receives sequences"),
        ({"type": "take_step", "step": 5}, (5, 2), "there is no step 5 in a sequence of 5"),
        ({"type": "take_step", "step": -6}, (5, 2), "there is no step -6 in a sequence of 5"),
        ({"type": "cropping1d", "cropping": [2, 3]}, (5, 2), "leaves nothing of its input of 5"),
        ({"type": "take_steps", "stop": 6}, (5, 2), "steps 0 to 6 are not in a sequence of 5"),
        ({"type": "take_steps", "start": -1, "stop": 1}, (5, 2), "steps -1 to 1 are not in"),
        ({"type": "take_steps", "start": 1}, (5, 2, 1), "takes vectors or sequences, but rece"),
        ({"type": "class_token"}, (5,), "takes sequences, but receives vectors"),
    ],
)
def test_a_shape_that_does_not_fit_is_refused(
    config: dict[str, Any], shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        Layer.parse(config).output_shape(shape)


def test_a_class_token_before_padding_is_refused() -> None:
    layers = (Layer.parse("masking"), Layer.parse("class_token"))
    with pytest.raises(ShapeError, match="does not pass on which steps are padding") as raised:
        Network.build(layers, input_shape=(5, 4))
    assert raised.value.loc == ("model", "layers", 1)
