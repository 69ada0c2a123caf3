"""Depthwise, separable, transposed and one-dimensional convolutions, and images of other sizes."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import ShapeError
from dltrain.core.lowering import Target
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from tests.reference import window_steps
from tests.reference.layer_bench import LayerBench
from tests.reference.layer_twin import at_every_width, compare, normal
from tests.reference.parameter_bench import ParameterBench
from tests.reference.window_twins import ALL_LAYERS

CONVOLUTIONS = {
    "depthwise_conv2d": (7, 6, 18),
    "separable_conv2d": (6, 9, 5),
    "conv2d_transpose": (5, 4, 3),
    "conv1d": (9, 4),
}


@at_every_width
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_a_convolution_and_its_gradients_are_those_of_the_twin(
    name: str, seed: int, target: Target
) -> None:
    random = Random(f"{name} {seed}")
    shape = CONVOLUTIONS[name]
    (config,), output = getattr(window_steps, name)(random, shape)
    if config.get("activation") == "tanh":
        config["activation"] = None
    x = normal(3, *shape)
    accumulate, owns = bool(seed % 2), seed != 5
    bench = ParameterBench(config, x, target=target, accumulate=accumulate, owns_parameters=owns)
    assert bench.y.shape == (3, *output)
    compare(bench, x, config)


@at_every_width
@pytest.mark.parametrize("channels", [1, 5, 33])
@pytest.mark.parametrize("multiplier", [1, 2])
def test_depthwise_kernels_see_their_channel_alone(
    target: Target, channels: int, multiplier: int
) -> None:
    config = {
        "type": "depthwise_conv2d",
        "kernel_size": 3,
        "depth_multiplier": multiplier,
        "padding": "same",
        "strides": 2,
        "activation": "relu",
    }
    x = normal(2, 6, 7, channels)
    compare(ParameterBench(config, x, target=target), x, config)


@at_every_width
@pytest.mark.parametrize("kernel", [1, 2, (3, 4), 5])
@pytest.mark.parametrize(
    "fields",
    [
        {"strides": 2},
        {"strides": (3, 1), "padding": "same", "use_bias": False},
        {"strides": 2, "padding": ((1, 0), (0, 3)), "output_padding": 1, "activation": "relu"},
        {"strides": (1, 3), "padding": ((0, 1), (4, 2))},
    ],
)
def test_strides_of_a_transposed_convolution_are_those_of_the_twin(
    target: Target, kernel: Any, fields: dict[str, Any]
) -> None:
    config = {"type": "conv2d_transpose", "filters": 5, "kernel_size": kernel, **fields}
    x = normal(2, 4, 6, 19)
    compare(ParameterBench(config, x, target=target), x, config)


@pytest.mark.parametrize("size", [1, 2, 3, [1, 4], [3, 2]])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 1, 17), (2, 1, 1)])
def test_a_larger_image_and_its_gradient_are_those_of_the_twin(
    size: Any, interpolation: str, accumulate: bool, shape: tuple[int, ...]
) -> None:
    check(
        {"type": "up_sampling2d", "size": size, "interpolation": interpolation}, shape, accumulate
    )


@pytest.mark.parametrize("sides", [0, 1, [2, 0], [[0, 1], [2, 0]]])
@pytest.mark.parametrize("accumulate", [False, True])
def test_borders_and_their_gradients_are_those_of_the_twin(sides: Any, accumulate: bool) -> None:
    check({"type": "zero_padding2d", "padding": sides}, (3, 5, 7), accumulate)
    check({"type": "cropping2d", "cropping": sides}, (6, 5, 7), accumulate)


def check(config: dict[str, Any], shape: tuple[int, ...], accumulate: bool) -> None:
    x = normal(2, *shape)
    bench = LayerBench(config, x, accumulate=accumulate)
    y, backward = ALL_LAYERS[config["type"]](config, x.astype(float), None)  # type: ignore[arg-type]
    np.testing.assert_allclose(bench.forward(), y, rtol=1e-6, atol=1e-6)
    dy = normal(*y.shape, seed=1)
    (dx,) = bench.backward(dy)
    np.testing.assert_allclose(dx, backward(dy.astype(float)), rtol=1e-5, atol=2e-6)


def test_a_separable_convolution_is_a_depthwise_one_and_one_of_single_pixels() -> None:
    fields = {"kernel_size": 3, "strides": 2, "padding": "same", "depth_multiplier": 2}
    both = build({"type": "separable_conv2d", "filters": 4, **fields})
    steps = build(
        {"type": "depthwise_conv2d", "use_bias": False, **fields},
        {"type": "conv2d", "filters": 4, "kernel_size": 1},
    )
    names = [f"separable_conv2d_1/{name}" for name in ("depthwise_kernel", "pointwise_kernel")]
    assert [*both.parameters] == [*names, "separable_conv2d_1/bias"]
    assert both.parameters[names[0]].shape == (3, 3, 3, 2)
    assert both.parameters[names[1]].shape == (1, 1, 6, 4)
    for own, other in zip(both.parameters.values(), steps.parameters.values(), strict=True):
        other[...] = own
    x = normal(4, 7, 6, 3)
    np.testing.assert_array_equal(both.forward(x), steps.forward(x))
    work = [sum(facts.multiply_adds for facts in net.layers_table()) for net in (both, steps)]
    assert work[0] == work[1] == 4 * 3 * 6 * (9 + 4)


def test_a_causal_convolution_never_looks_ahead() -> None:
    config = {"type": "conv1d", "filters": 3, "kernel_size": 3, "padding": "causal"}
    network = build({**config, "dilation_rate": 2}, shape=(9, 4))
    x = normal(1, 9, 4)
    before = network.forward(x).copy()
    x[:, 5] += 1
    changed = (network.forward(x) != before).any((0, 2))
    np.testing.assert_array_equal(np.flatnonzero(changed), [5, 7])


@pytest.mark.parametrize(
    ("fields", "output"),
    [
        ({"kernel_size": 3, "strides": 2}, (11, 7)),
        ({"kernel_size": 2, "strides": 3}, (15, 9)),
        ({"kernel_size": 3, "strides": 2, "padding": "same"}, (10, 6)),
        ({"kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 0}, (9, 5)),
        ({"kernel_size": 4, "strides": 2, "padding": "same", "output_padding": 1}, (9, 5)),
        ({"kernel_size": 3, "strides": 2, "output_padding": 1}, (12, 8)),
        ({"kernel_size": 3, "strides": 2, "padding": 1, "output_padding": [1, 0]}, (10, 5)),
        ({"kernel_size": [3, 1], "dilation_rate": [2, 1]}, (9, 3)),
    ],
)
def test_a_transposed_convolution_gives_images_of_these_sizes(
    fields: dict[str, Any], output: tuple[int, int]
) -> None:
    layer = Layer.parse({"type": "conv2d_transpose", "filters": 4, **fields})
    assert layer.output_shape((5, 3, 2)) == (*output, 4)


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        ({"type": "depthwise_conv2d", "kernel_size": 5}, (3, 4, 2), "depthwise_conv2d's window of"),
        (
            {"type": "separable_conv2d", "filters": 2, "kernel_size": 5},
            (3, 4, 2),
            "separable_conv2",
        ),
        (
            {"type": "depthwise_conv2d", "kernel_size": 5},
            (8,),
            "takes images, but receives vectors",
        ),
        ({"type": "conv1d", "filters": 2, "kernel_size": 5}, (3, 4), "window of 5 is longer than"),
        (
            {"type": "conv1d", "filters": 2, "kernel_size": 1, "groups": 3},
            (3, 4),
            "3 groups divide",
        ),
        ({"type": "conv1d", "filters": 2, "kernel_size": 1}, (3, 4, 1), "takes sequences, but rec"),
        (
            {"type": "cropping2d", "cropping": [1, 2]},
            (4, 4, 2),
            "leaves nothing of its input of 4x4",
        ),
        ({"type": "zero_padding2d"}, (4, 4), "takes images, but receives sequences"),
        ({"type": "up_sampling2d"}, (4, 4), "takes images, but receives sequences"),
        (
            {"type": "conv2d_transpose", "filters": 2, "kernel_size": 3, "output_padding": 1},
            (4, 4, 2),
            "output_padding 1 is not smaller than the stride 1",
        ),
        (
            {"type": "conv2d_transpose", "filters": 2, "kernel_size": 1, "padding": 2},
            (4, 4, 2),
            "cuts off all of an input of 4x4",
        ),
    ],
)
def test_a_shape_that_does_not_fit_is_refused(
    layer: dict[str, Any], shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        Layer.parse(layer).output_shape(shape)


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_a_larger_image_keeps_nan(size: int, interpolation: str) -> None:
    x = normal(1, 3, 3, 2)
    x[0, 1, 1, 0] = np.nan
    config = {"type": "up_sampling2d", "size": size, "interpolation": interpolation}
    hit = np.isnan(LayerBench(config, x).forward()[0])
    assert hit[size : 2 * size, size : 2 * size, 0].all()
    assert not hit[..., 1].any()


def build(*layers: dict[str, Any], shape: tuple[int, ...] = (7, 6, 3)) -> Network:
    return Network.build(tuple(map(Layer.parse, layers)), input_shape=shape, threads=1)
