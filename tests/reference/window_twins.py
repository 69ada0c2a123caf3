"""Layers with windows in float64, forward and backward, beside those of `twin_layers`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from tests.reference.channel_twins import CHANNEL_LAYERS
from tests.reference.geometry import both_sides, transposed
from tests.reference.patch_twins import PATCH_LAYERS
from tests.reference.sequence_twins import SEQUENCE_LAYERS
from tests.reference.twin_layers import LAYERS, Array, Backward, Config, Own, Windows, conv2d


def depthwise(config: Config, x: Array, own: Own, name: str = "kernel") -> tuple[Array, Backward]:
    kernel = own[name]
    high, wide, channels, times = kernel.shape
    look = Windows(config, x.shape, (high, wide), _pair(config.get("strides", 1)))
    padded, dkernel = look.surround(x, 0.0), np.zeros_like(kernel)
    y = np.zeros((len(x), *look.output, channels, times))
    for place, cells in look:
        y += padded[cells][..., None] * kernel[place]

    def backward(dy: Array) -> Array:
        dpadded, dy = np.zeros_like(padded), dy.reshape(y.shape)
        for place, cells in look:
            dkernel[place] += (padded[cells][..., None] * dy).sum((0, 1, 2))
            dpadded[cells] += (dy * kernel[place]).sum(-1)
        own.add(name, dkernel)
        return look.within(dpadded)

    return y.reshape(*y.shape[:3], channels * times), backward


def depthwise_conv2d(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    y, backward = depthwise(config, x, own)
    return _with_bias(config, y, backward, own)


def separable_conv2d(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    between, first = depthwise(config, x, own, "depthwise_kernel")
    mix = own["pointwise_kernel"][0, 0]

    def backward(dy: Array) -> Array:
        own.add("pointwise_kernel", np.einsum("nhwi,nhwo->io", between, dy)[None, None])
        return first(dy @ mix.T)

    return _with_bias(config, between @ mix, backward, own)


def conv2d_transpose(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    kernel = own["kernel"]
    strides, dilation = _pair(config.get("strides", 1)), _pair(config.get("dilation_rate", 1))
    added = config.get("output_padding")
    cuts, output = zip(
        *(
            transposed(
                x.shape[axis + 1], kernel.shape[axis], strides[axis],
                _side(config.get("padding", "valid"), axis),
                dilation=dilation[axis], added=None if added is None else _pair(added)[axis],
            )
            for axis in (0, 1)
        ),
        strict=True,
    )  # fmt: skip
    # Each pixel puts the kernel at its place: into all that kernels reach, and more to cut from.
    room = [
        extent * stride + kernel.shape[axis] * dilation[axis] + output[axis]
        for axis, (extent, stride) in enumerate(zip(x.shape[1:3], strides, strict=True))
    ]
    places = [
        ((a, b), tuple(
            slice(k * d, k * d + extent * stride, stride)
            for k, d, extent, stride in zip((a, b), dilation, x.shape[1:3], strides, strict=True)
        ))
        for a, b in product(range(kernel.shape[0]), range(kernel.shape[1]))
    ]  # fmt: skip
    whole = np.zeros((len(x), *room, kernel.shape[2]))
    for place, (down, across) in places:
        whole[:, down, across] += x @ kernel[place].T
    inner = tuple(slice(cut, cut + count) for cut, count in zip(cuts, output, strict=True))

    def backward(dy: Array) -> Array:
        dwhole, dkernel, dx = np.zeros_like(whole), np.zeros_like(kernel), np.zeros_like(x)
        dwhole[:, inner[0], inner[1]] = dy
        for place, (down, across) in places:
            dkernel[place] += np.einsum("nhwo,nhwi->oi", dwhole[:, down, across], x)
            dx += dwhole[:, down, across] @ kernel[place]
        own.add("kernel", dkernel)
        return dx

    return _with_bias(config, whole[:, inner[0], inner[1]], backward, own)


def conv1d(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    size, dilation = config["kernel_size"], config.get("dilation_rate", 1)
    around = config.get("padding", "valid")
    if around == "causal":
        around = [(size - 1) * dilation, 0]
    if not isinstance(around, str):
        around = [0, around] if isinstance(around, int) else [[0, 0], around]
    wide = {"strides": (1, config.get("strides", 1)), "dilation_rate": (1, dilation)}
    y, backward = conv2d({**config, **wide, "padding": around}, x[:, None], OneRow(own))
    return y[:, 0], lambda dy: backward(dy[:, None])[:, 0]


class OneRow(Own):
    """The parameters of a convolution over time, as those of one over images of one row."""

    def __init__(self, own: Own) -> None:
        self._own, self.training = own, own.training

    def __getitem__(self, key: str) -> Array:
        return self._own[key][None] if key == "kernel" else self._own[key]

    def add(self, key: str, gradient: Array) -> None:
        """Add to the gradient of a parameter."""
        self._own.add(key, gradient[0] if key == "kernel" else gradient)


def zero_padding2d(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    (top, bottom), (left, right) = both_sides(config.get("padding", 1))
    around = ((0, 0), (top, bottom), (left, right), (0, 0))
    _, height, width, _ = x.shape
    return np.pad(x, around), lambda dy: dy[:, top : top + height, left : left + width]


def cropping2d(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    (top, bottom), (left, right) = both_sides(config.get("cropping", 0))
    _, height, width, _ = x.shape
    around = ((0, 0), (top, bottom), (left, right), (0, 0))
    return x[:, top : height - bottom, left : width - right], lambda dy: np.pad(dy, around)


def up_sampling2d(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    ways = _nearest if config.get("interpolation", "nearest") == "nearest" else _bilinear
    down, across = (
        ways(extent, times)
        for extent, times in zip(x.shape[1:3], _pair(config.get("size", 2)), strict=True)
    )
    y = np.einsum("ih,jw,nhwc->nijc", down, across, x)
    return y, lambda dy: np.einsum("ih,jw,nijc->nhwc", down, across, dy)


def squeezing(config: Config) -> list[Config]:
    """Give the layers whose output multiplies the channels in a squeeze_excitation."""
    steps: list[Config] = [{"type": "global_average_pooling2d", "keepdims": True}]
    functions = config.get("squeeze_activation", "relu"), config.get("gate_activation", "sigmoid")
    regularizer = config.get("kernel_regularizer")
    for function in functions:
        step = {"type": "conv2d", "kernel_regularizer": regularizer, "activation": function}
        steps.append(step)
    return steps


def _nearest(extent: int, times: int) -> Array:
    """Give the matrix that repeats each of `extent` numbers."""
    return np.repeat(np.eye(extent), times, axis=0)


def _bilinear(extent: int, times: int) -> Array:
    """Give the matrix that reads a line through `extent` numbers at the middle of each part."""
    middles = (np.arange(extent * times) + 0.5) / times - 0.5
    lines = [np.interp(middles, np.arange(extent), one) for one in np.eye(extent)]
    return np.stack(lines, axis=1)


def _with_bias(config: Config, y: Array, way: Backward, own: Own) -> tuple[Array, Backward]:
    if not config.get("use_bias", True):
        return y, way

    def backward(dy: Array) -> Array:
        own.add("bias", dy.sum((0, 1, 2)))
        return way(dy)

    return y + own["bias"], backward


def _side(padding: Any, axis: int) -> Any:
    sides = both_sides(padding)
    return sides if isinstance(sides, str) else sides[axis]


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


ALL_LAYERS: dict[str, Callable[[Config, Array, Own], tuple[Array, Backward]]] = {
    **LAYERS,
    **CHANNEL_LAYERS,
    **PATCH_LAYERS,
    **SEQUENCE_LAYERS,
    "conv1d": conv1d,
    "conv2d_transpose": conv2d_transpose,
    "cropping2d": cropping2d,
    "depthwise_conv2d": depthwise_conv2d,
    "separable_conv2d": separable_conv2d,
    "up_sampling2d": up_sampling2d,
    "zero_padding2d": zero_padding2d,
}
"""Layers that are no containers, outside of training."""
