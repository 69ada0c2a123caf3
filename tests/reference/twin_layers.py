"""Layers in float64, forward and backward: slow, and obviously right.

A twin takes the layer's config, its input and its parameters; it gives the output and a function
from the output's gradient to the input's, which adds the parameters' gradients where they belong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.reference import activations
from tests.reference.geometry import before_and_after, both_sides, with_padding

Array = NDArray[np.float64]
Config = dict[str, Any]
Backward = Callable[[Array], Array]
Pair = tuple[int, int]


class Own:
    """The parameters of one layer, and where their gradients add up."""

    def __init__(
        self,
        name: str,
        values: dict[str, Array],
        gradients: dict[str, Array],
        *,
        training: bool = False,
    ) -> None:
        self._name, self._values, self._gradients = name, values, gradients
        self.training = training

    def of(self, name: str) -> Own:
        """Give those of another layer, which this one shares."""
        return Own(name, self._values, self._gradients, training=self.training)

    def __getitem__(self, key: str) -> Array:
        return self._values[f"{self._name}/{key}"]

    def __contains__(self, key: str) -> bool:
        return f"{self._name}/{key}" in self._values

    def get(self, key: str, otherwise: float) -> Array | float:
        """Give a parameter, or what stands for one that the layer does not have."""
        return self._values.get(f"{self._name}/{key}", otherwise)

    def add(self, key: str, gradient: Array) -> None:
        """Add to the gradient of a parameter."""
        self._gradients[f"{self._name}/{key}"] += gradient


def dense(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    kernel, bias = own["kernel"], own["bias"] if config.get("use_bias", True) else 0.0

    def backward(dy: Array) -> Array:
        rows, drows = x.reshape(-1, x.shape[-1]), dy.reshape(-1, dy.shape[-1])
        own.add("kernel", rows.T @ drows)
        if config.get("use_bias", True):
            own.add("bias", drows.sum(0))
        return dy @ kernel.T

    return x @ kernel + bias, backward


def conv2d(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    kernel, groups = own["kernel"], config.get("groups", 1)
    biased = config.get("use_bias", True)
    look = Windows(config, x.shape, kernel.shape[:2], _pair(config.get("strides", 1)))
    padded, dkernel = look.surround(x, 0.0), np.zeros_like(kernel)
    inputs, outputs = kernel.shape[2], kernel.shape[3] // groups
    spans = [
        (slice(g * inputs, (g + 1) * inputs), slice(g * outputs, (g + 1) * outputs))
        for g in range(groups)
    ]
    y = np.zeros((len(x), *look.output, kernel.shape[3])) + (own["bias"] if biased else 0.0)
    for place, cells in look:
        for into, out in spans:
            y[..., out] += padded[cells][..., into] @ kernel[place][:, out]

    def backward(dy: Array) -> Array:
        dpadded = np.zeros_like(padded)
        for place, cells in look:
            for into, out in spans:
                window = padded[cells][..., into]
                dkernel[place][:, out] += np.einsum("nrci,nrco->io", window, dy[..., out])
                dpadded[cells][..., into] += dy[..., out] @ kernel[place][:, out].T
        own.add("kernel", dkernel)
        if biased:
            own.add("bias", dy.sum((0, 1, 2)))
        return look.within(dpadded)

    return y, backward


def max_pooling2d(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    look = _pool_windows(config, x)
    padded = look.surround(x, -np.inf)
    stacked = np.stack([padded[cells] for _, cells in look])
    first = stacked.argmax(0)

    def backward(dy: Array) -> Array:
        dpadded = np.zeros_like(padded)
        for number, (_, cells) in enumerate(look):
            dpadded[cells] += np.where(first == number, dy, 0)
        return look.within(dpadded)

    return stacked.max(0), backward


def average_pooling2d(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    look = _pool_windows(config, x)
    padded, real = look.surround(x, 0.0), look.surround(np.ones_like(x), 0.0)
    if config.get("count_include_pad", False):
        high, wide = with_padding(x.shape, config.get("padding", "valid"), look.around)
        real[:, :high, :wide] = 1
    total, count = (np.sum([image[cells] for _, cells in look], 0) for image in (padded, real))

    def backward(dy: Array) -> Array:
        dpadded = np.zeros_like(padded)
        for _, cells in look:
            dpadded[cells] += dy / count
        return look.within(dpadded)

    return total / count, backward


def max_pooling1d(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    y, backward = max_pooling2d(_as_image(config), x[:, None], own)
    return y[:, 0], lambda dy: backward(dy[:, None])[:, 0]


def average_pooling1d(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    y, backward = average_pooling2d(_as_image(config), x[:, None], own)
    return y[:, 0], lambda dy: backward(dy[:, None])[:, 0]


def global_max(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    flat = x.reshape(len(x), -1, x.shape[-1])
    chosen = np.eye(flat.shape[1])[flat.argmax(1)].transpose(0, 2, 1)
    return _whole(config, flat.max(1), x, chosen)


def global_average(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    flat = x.reshape(len(x), -1, x.shape[-1])
    shares = np.ones_like(flat) / flat.shape[1]
    return _whole(config, flat.mean(1), x, shares)


def _whole(config: Config, y: Array, x: Array, shares: Array) -> tuple[Array, Backward]:
    """Give what is left of x, and the way back to all of it, by shares of each channel."""
    if config.get("keepdims", False):
        y = y.reshape(len(x), *[1] * (x.ndim - 2), x.shape[-1])
    return y, lambda dy: (shares * dy.reshape(len(x), 1, -1)).reshape(x.shape)


def reshape(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    shape = config.get("target_shape", [-1])
    return x.reshape(len(x), *shape), lambda dy: dy.reshape(x.shape)


def channel_padding(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    before, after = _pair(config["padding"])
    channels = slice(before, before + x.shape[-1])
    y = np.zeros((*x.shape[:-1], before + x.shape[-1] + after))
    y[..., channels] = x
    return y, lambda dy: dy[..., channels]


def rescaling(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    scale = np.asarray(config["scale"], float)
    return x * scale + np.asarray(config.get("offset", 0.0)), lambda dy: dy * scale


def normalization(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    spread = np.maximum(np.sqrt(np.asarray(own["variance"])), 1e-7)
    return (x - own["mean"]) / spread, lambda dy: dy / spread


def batch_normalization(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    axes = tuple(range(x.ndim - 1))
    mean, variance = own["moving_mean"], own["moving_variance"]
    if own.training:
        mean, variance = x.mean(axes), x.var(axes)
    deviation = np.sqrt(variance + config.get("epsilon", 1e-3))
    normal = (x - mean) / deviation
    gamma = own.get("gamma", 1.0)

    def backward(dy: Array) -> Array:
        if "gamma" in own:
            own.add("gamma", (dy * normal).sum(axes))
        if "beta" in own:
            own.add("beta", dy.sum(axes))
        dnormal = dy * gamma
        if own.training:
            dnormal = dnormal - dnormal.mean(axes) - normal * (dnormal * normal).mean(axes)
        return dnormal / deviation

    return normal * gamma + own.get("beta", 0.0), backward


def unchanged(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    return x, lambda dy: dy


def activation(config: str | Config, x: Array) -> tuple[Array, Backward]:
    fields = {"type": config} if isinstance(config, str) else dict(config)
    name = fields.pop("type")
    if name == "softmax":
        return activations.softmax(x), lambda dy: activations.softmax_gradient(x, dy)
    twin = activations.with_fields(name, **fields)
    return twin.value(x), lambda dy: dy * twin.slope(x)


class Windows:
    """All windows of an image at once: iterates over their cells, first row first.

    Each is a place in the window and the slices of the surrounded image where all windows have it.
    """

    def __init__(self, config: Config, shape: tuple[int, ...], size: Any, strides: Pair) -> None:
        self.size, self.strides, self.shape = _pair(size), strides, shape
        self.dilation = _pair(config.get("dilation_rate", 1))
        sides, ceil_mode = (
            both_sides(config.get("padding", "valid")),
            config.get("ceil_mode", False),
        )
        self.around = tuple(
            before_and_after(
                shape[axis + 1],
                self.size[axis],
                strides[axis],
                sides if isinstance(sides, str) else sides[axis],
                dilation=self.dilation[axis],
                ceil_mode=ceil_mode,
            )
            for axis in (0, 1)
        )
        self.reach = [(n - 1) * d + 1 for n, d in zip(self.size, self.dilation, strict=True)]
        self.output = tuple(
            (extent + sum(cells) - reach) // stride + 1
            for extent, cells, reach, stride in zip(
                shape[1:3], self.around, self.reach, strides, strict=True
            )
        )

    def __iter__(self) -> Iterator[tuple[Pair, tuple[slice, ...]]]:
        for place in product(range(self.size[0]), range(self.size[1])):
            starts = [i * d for i, d in zip(place, self.dilation, strict=True)]
            ends = [
                start + (count - 1) * stride + 1
                for start, count, stride in zip(starts, self.output, self.strides, strict=True)
            ]
            cells = (
                slice(start, end, stride)
                for start, end, stride in zip(starts, ends, self.strides, strict=True)
            )
            yield (place[0], place[1]), (slice(None), *cells)

    def surround(self, x: Array, fill: float) -> Array:
        """Set an image among cells that windows reach; leave out what they do not."""
        added = [(max(before, 0), max(after, 0)) for before, after in self.around]
        wide = np.pad(x, ((0, 0), *added, (0, 0)), constant_values=fill)
        high, across = (
            extent + sum(cells) for extent, cells in zip(x.shape[1:3], self.around, strict=True)
        )
        return wide[:, :high, :across]

    def within(self, surrounded: Array) -> Array:
        """Take the image out again; what no window reached is zero."""
        x = np.zeros(self.shape)
        (top, _), (left, _) = self.around
        inner = surrounded[:, top:, left:][:, : self.shape[1], : self.shape[2]]
        x[:, : inner.shape[1], : inner.shape[2]] = inner
        return x


LAYERS: dict[str, Callable[[Config, Array, Own], tuple[Array, Backward]]] = {
    "activation": unchanged,  # what `activation:` on any layer does is all it does
    "average_pooling1d": average_pooling1d,
    "average_pooling2d": average_pooling2d,
    "batch_normalization": batch_normalization,
    "channel_padding": channel_padding,
    "conv2d": conv2d,
    "dense": dense,
    "dropout": unchanged,
    "flatten": reshape,
    "global_average_pooling1d": global_average,
    "global_average_pooling2d": global_average,
    "global_max_pooling1d": global_max,
    "global_max_pooling2d": global_max,
    "max_pooling1d": max_pooling1d,
    "max_pooling2d": max_pooling2d,
    "normalization": normalization,
    "rescaling": rescaling,
    "reshape": reshape,
}
"""Layers that are no containers; dropout as it is outside of training."""


def _pool_windows(config: Config, x: Array) -> Windows:
    size = config.get("pool_size", 2)
    return Windows(config, x.shape, size, _pair(config.get("strides") or size))


def _as_image(config: Config) -> Config:
    size, strides = config.get("pool_size", 2), config.get("strides")
    sides = config.get("padding", "valid")
    if not isinstance(sides, str):
        sides = [0, sides] if isinstance(sides, int) else [[0, 0], sides]
    return {**config, "pool_size": [1, size], "strides": strides and [1, strides], "padding": sides}


def _pair(value: Any) -> Pair:
    return (value, value) if isinstance(value, int) else (value[0], value[1])
