"""The same network in PyTorch, in float64: forward and loss, its gradients by autograd."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.benchmarks.torch_channels import CHANNEL_LAYERS
from tests.reference.geometry import before_and_after, both_sides, transposed, with_padding


class Arrays:
    """What a network holds, by name, and what its layers make of it."""

    def __init__(self, values: Mapping[str, Tensor], *, training: bool) -> None:
        """Hold parameters and state."""
        self.values, self.training = values, training
        self.taken: set[str] = set()
        self.moved: dict[str, Tensor] = {}
        """The moving statistics after a step of training."""
        self.outputs: dict[str, Tensor] = {}
        """The output of each layer, by its name."""


class Parameters:
    """One layer's view of the arrays; for a container, the names of those inside."""

    def __init__(self, arrays: Arrays, name: str, *, frozen: bool, repeated: bool) -> None:
        """Count the layers inside from one."""
        self.arrays, self.name = arrays, name
        self.frozen, self._repeated = frozen, repeated
        self._counts: Counter[str] = Counter()

    @property
    def learns(self) -> bool:
        """Tell whether a batch changes what the layer holds."""
        return self.arrays.training and not self.frozen

    def inside(self, layer: Any) -> Parameters:
        """Give the view of the next layer inside."""
        kind, own = layer["type"], layer.get("name")
        name = self._counted(kind)
        if own is not None:
            name = self._counted(own) if self._repeated else own
        frozen = self.frozen or not layer.get("trainable", True)
        full = f"{self.name}/{name}" if self.name else name
        return Parameters(self.arrays, full, frozen=frozen, repeated=kind == "repeat")

    def take(self, key: str) -> Tensor:
        """Give an array of this layer."""
        self.arrays.taken.add(f"{self.name}/{key}")
        return self.arrays.values[f"{self.name}/{key}"]

    def move(self, key: str, value: Tensor, momentum: float) -> None:
        """Let a moving statistic follow the batch's."""
        name = f"{self.name}/{key}"
        self.arrays.moved[name] = momentum * self.take(key) + (1 - momentum) * value.detach()

    def output(self, name: str) -> Tensor:
        """Give the output of an earlier layer, from the innermost container outwards."""
        parts = self.name.split("/")
        known = ("/".join([*parts[:depth], name]) for depth in range(len(parts), -1, -1))
        return next(self.arrays.outputs[one] for one in known if one in self.arrays.outputs)

    def _counted(self, name: str) -> str:
        self._counts[name] += 1
        return f"{name}_{self._counts[name]}"


ACTIVATIONS: dict[str, Callable[..., Tensor]] = {
    "elu": lambda x, alpha=1.0: F.elu(x, alpha),
    "gelu": lambda x, approximate=False: F.gelu(x, approximate="tanh" if approximate else "none"),
    "hard_sigmoid": F.hardsigmoid,
    "hard_silu": F.hardswish,
    "leaky_relu": lambda x, negative_slope=0.2: F.leaky_relu(x, negative_slope),
    "linear": lambda x: x,
    "relu": F.relu,
    "relu6": F.relu6,
    "selu": F.selu,
    "sigmoid": torch.sigmoid,
    "silu": F.silu,
    "softmax": lambda x: torch.softmax(x, -1),
    "softplus": F.softplus,
    "tanh": torch.tanh,
}

KERNELS = {
    "conv1d": ("kernel",),
    "conv2d": ("kernel",),
    "conv2d_transpose": ("kernel",),
    "dense": ("kernel",),
    "depthwise_conv2d": ("depthwise",),
    "separable_conv2d": ("depthwise", "pointwise"),
    "squeeze_excitation": ("kernel", "kernel"),
}
"""What the regularizers of a layer's kernels are called after, kernel by kernel."""


def forward(layers: list[Any], x: Tensor, values: Mapping[str, Tensor]) -> Tensor:
    """Run configs of layers on x [n, ...] outside of training; values are parameters and state."""
    return run(layers, x, values, training=False)[0]


def run(
    layers: list[Any], x: Tensor, values: Mapping[str, Tensor], *, training: bool
) -> tuple[Tensor, dict[str, Tensor]]:
    """Give the output, and the moving statistics after a step; dropout is left out."""
    arrays = Arrays(values, training=training)
    arrays.outputs["input"] = x
    y = _sequence(layers, x, Parameters(arrays, "", frozen=False, repeated=False))
    assert arrays.taken == set(values), f"no layer took {set(values) - arrays.taken}"
    return y, {name: arrays.moved.get(name, value) for name, value in values.items()}


def loss(name: str, y: Tensor, target: Tensor) -> Tensor:
    """Give the mean over samples of the loss."""
    if name == "categorical_crossentropy":
        return F.nll_loss(torch.log(y), target)
    if name == "binary_crossentropy":
        return F.binary_cross_entropy(y, target)
    return F.mse_loss(y, target)


def penalty(layers: list[Any], parameters: Mapping[str, Tensor]) -> Tensor:
    """Give the sum of the regularization terms."""
    kernels = [value for name, value in parameters.items() if name.endswith("kernel")]
    factors = list(_regularizers(layers))
    total = torch.zeros((), dtype=torch.float64)
    for kernel, factor in zip(kernels, factors, strict=True):
        if factor is not None:
            total = total + factor.get("l1", 0.0) * kernel.abs().sum()
            total = total + factor.get("l2", 0.0) * kernel.square().sum()
    return total


def _regularizers(layers: list[Any]) -> Iterator[Any]:
    """Give the regularizer of each kernel, in layer order."""
    for layer in layers:
        for field in KERNELS.get(layer["type"], ()):
            yield layer.get(f"{field}_regularizer")
        for _ in range(layer.get("times", 1)):
            yield from _regularizers(layer.get("layers", []))
        yield from _regularizers(layer.get("shortcut", []))
        for branch in layer.get("branches", []):
            yield from _regularizers(branch)


def _sequence(layers: list[Any], x: Tensor, parameters: Parameters) -> Tensor:
    for layer in layers:
        own = parameters.inside(layer)
        inputs = [parameters.output(name) for name in layer.get("inputs", [])] or [x]
        join = _JOINS.get(layer["type"])
        x = join(inputs) if join else _LAYERS[layer["type"]](layer, inputs[0], own)
        if layer.get("activation") is not None:
            x = activate(layer["activation"], x)
        own.arrays.outputs[own.name] = x
    return x


def activate(activation: str | dict[str, Any], x: Tensor) -> Tensor:
    """Apply an activation, given by name or with its fields."""
    fields = {"type": activation} if isinstance(activation, str) else dict(activation)
    return ACTIVATIONS[fields.pop("type")](x, **fields)


def _taken(parameters: Parameters, layer: str, key: str) -> Tensor:
    return parameters.take(key)


def _dense(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    y = x @ _taken(parameters, "dense", "kernel")
    return y + _taken(parameters, "dense", "bias") if layer.get("use_bias", True) else y


def _conv2d(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    kernel = _taken(parameters, "conv2d", "kernel")
    bias = _taken(parameters, "conv2d", "bias") if layer.get("use_bias", True) else None
    return _convolved(layer, x, kernel, bias, layer.get("groups", 1))


def _convolved(layer: Any, x: Tensor, kernel: Tensor, bias: Tensor | None, groups: int) -> Tensor:
    strides, dilation = _pair(layer.get("strides", 1)), _pair(layer.get("dilation_rate", 1))
    size = (kernel.shape[0], kernel.shape[1])
    padded = _padded(_channels_first(x), layer, size, strides, dilation, fill=0.0)
    weight = kernel.permute(3, 2, 0, 1).contiguous()
    return _channels_last(F.conv2d(padded, weight, bias, strides, 0, dilation, groups))


def _depthwise(layer: Any, x: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
    high, wide, channels, times = kernel.shape
    flat = kernel.reshape(high, wide, 1, channels * times)
    return _convolved(layer, x, flat, bias, channels)


def _depthwise_conv2d(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    kernel = _taken(parameters, "depthwise_conv2d", "kernel")
    biased = layer.get("use_bias", True)
    bias = _taken(parameters, "depthwise_conv2d", "bias") if biased else None
    return _depthwise(layer, x, kernel, bias)


def _separable_conv2d(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    first = _taken(parameters, "separable_conv2d", "depthwise_kernel")
    last = _taken(parameters, "separable_conv2d", "pointwise_kernel")
    y = _depthwise(layer, x, first, None) @ last[0, 0]
    biased = layer.get("use_bias", True)
    return y + _taken(parameters, "separable_conv2d", "bias") if biased else y


def _conv2d_transpose(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    kernel = _taken(parameters, "conv2d_transpose", "kernel")
    biased = layer.get("use_bias", True)
    strides, dilation = _pair(layer.get("strides", 1)), _pair(layer.get("dilation_rate", 1))
    added = layer.get("output_padding")
    sides = both_sides(layer.get("padding", "valid"))
    weight = kernel.permute(3, 2, 0, 1).contiguous()
    y = F.conv_transpose2d(_channels_first(x), weight, None, strides, dilation=dilation)
    around: list[int] = []
    for axis in (1, 0):
        cut, count = transposed(
            x.shape[axis + 1],
            kernel.shape[axis],
            strides[axis],
            sides if isinstance(sides, str) else sides[axis],
            dilation=dilation[axis],
            added=None if added is None else _pair(added)[axis],
        )
        around += [-cut, cut + count - y.shape[axis + 2]]
    y = _channels_last(F.pad(y, around))
    return y + _taken(parameters, "conv2d_transpose", "bias") if biased else y


def _conv1d(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    kernel = _taken(parameters, "conv1d", "kernel")
    bias = _taken(parameters, "conv1d", "bias") if layer.get("use_bias", True) else None
    sides, dilation = layer.get("padding", "valid"), layer.get("dilation_rate", 1)
    if sides == "causal":
        sides = [(layer["kernel_size"] - 1) * dilation, 0]
    if not isinstance(sides, str):
        sides = [[0, 0], [sides, sides] if isinstance(sides, int) else sides]
    flat = {
        "padding": sides,
        "strides": [1, layer.get("strides", 1)],
        "dilation_rate": [1, dilation],
    }
    groups = layer.get("groups", 1)
    return _convolved(flat, x[:, None], kernel[None], bias, groups)[:, 0]


def _zero_padding2d(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    (top, bottom), (left, right) = both_sides(layer.get("padding", 1))
    return F.pad(x, (0, 0, left, right, top, bottom))


def _cropping2d(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    (top, bottom), (left, right) = both_sides(layer.get("cropping", 0))
    return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]


def _up_sampling2d(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    times = tuple(float(value) for value in _pair(layer.get("size", 2)))
    mode = layer.get("interpolation", "nearest")
    return _channels_last(F.interpolate(_channels_first(x), scale_factor=times, mode=mode))


def _pooling2d(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    size = _pair(layer.get("pool_size", 2))
    strides = _pair(layer.get("strides") or size)
    images = _channels_first(x)
    if layer["type"].startswith("max"):
        padded = _padded(images, layer, size, strides, (1, 1), fill=-torch.inf)
        return _channels_last(F.max_pool2d(padded, size, strides))
    # Means are over the cells of the image: the sum of a window by the sum of its ones.
    sums = F.avg_pool2d(_padded(images, layer, size, strides, (1, 1), fill=0.0), size, strides)
    ones = _padded(torch.ones_like(images), layer, size, strides, (1, 1), fill=0.0)
    if layer.get("count_include_pad", False):
        sides = both_sides(layer.get("padding", "valid"))
        around = _around(images, layer, size, strides, (1, 1))
        high, wide = with_padding((0, *images.shape[2:]), sides, around)
        ones[:, :, :high, :wide] = 1
    return _channels_last(sums / F.avg_pool2d(ones, size, strides))


def _global_average(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    return x.mean(tuple(range(1, x.ndim - 1)), keepdim=layer.get("keepdims", False))


def _global_max(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    return x.amax(tuple(range(1, x.ndim - 1)), keepdim=layer.get("keepdims", False))


def _pooling1d(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    size, strides = layer.get("pool_size", 2), layer.get("strides")
    name = layer["type"].replace("1d", "2d")
    flat = {**layer, "type": name, "pool_size": [1, size], "strides": strides and [1, strides]}
    return _pooling2d(flat, x[:, None], parameters)[:, 0]


def _padded(
    x: Tensor,
    layer: Any,
    size: tuple[int, int],
    strides: tuple[int, int],
    dilation: tuple[int, int],
    *,
    fill: float,
) -> Tensor:
    (top, bottom), (left, right) = _around(x, layer, size, strides, dilation)
    return F.pad(x, (left, right, top, bottom), value=fill)


def _around(
    x: Tensor,
    layer: Any,
    size: tuple[int, int],
    strides: tuple[int, int],
    dilation: tuple[int, int],
) -> list[tuple[int, int]]:
    """Give the cells that windows reach above and below, left and right of an image."""
    sides = both_sides(layer.get("padding", "valid"))
    return [
        before_and_after(
            x.shape[axis + 2],
            size[axis],
            strides[axis],
            sides if isinstance(sides, str) else sides[axis],
            dilation=dilation[axis],
            ceil_mode=layer.get("ceil_mode", False),
        )
        for axis in (0, 1)
    ]


def _residual(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    y = _sequence(layer["layers"], x, parameters)
    return y + _sequence(layer.get("shortcut", []), x, parameters)


def _repeat(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    for _ in range(layer.get("times", 1)):
        x = _sequence(layer["layers"], x, parameters)
    return x


def _parallel(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    outputs = [_sequence(branch, x, parameters) for branch in layer["branches"]]
    return _JOINS[layer.get("merge", "concatenate")](outputs)


def _squeeze_excitation(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    means = x.mean((1, 2), keepdim=True)
    functions = layer.get("squeeze_activation", "relu"), layer.get("gate_activation", "sigmoid")
    for function in functions:
        own = parameters.inside({"type": "conv2d"})
        means = activate(function, means @ own.take("kernel")[0, 0] + own.take("bias"))
    return x * means


def _broadcast(outputs: list[Tensor]) -> list[Tensor]:
    """Let (n, channels) meet every place of an image (n, height, width, channels)."""
    whole = max(outputs, key=Tensor.numel)
    middle = [1] * (whole.ndim - 2)
    wide = [y.reshape(len(y), *middle, y.shape[-1]) if y.ndim == 2 else y for y in outputs]
    return list(torch.broadcast_tensors(*wide))


def _normalization(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    mean = _taken(parameters, "normalization", "mean")
    variance = _taken(parameters, "normalization", "variance")
    return (x - mean) / variance.sqrt().clamp_min(1e-7)


def _batch_normalization(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    mean, variance = parameters.take("moving_mean"), parameters.take("moving_variance")
    if parameters.learns:
        # Keras' moving variance is that of the batch divided by its count; PyTorch's by one less.
        axes, momentum = tuple(range(x.ndim - 1)), layer.get("momentum", 0.99)
        parameters.move("moving_mean", x.mean(axes), momentum)
        parameters.move("moving_variance", x.var(axes, correction=0), momentum)
    y = F.batch_norm(
        x.movedim(-1, 1),
        None if parameters.learns else mean,
        None if parameters.learns else variance,
        parameters.take("gamma") if layer.get("scale", True) else None,
        parameters.take("beta") if layer.get("center", True) else None,
        training=parameters.learns,
        eps=layer.get("epsilon", 1e-3),
    )
    return y.movedim(1, -1)


def _reshape(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    return x.reshape(len(x), *layer["target_shape"])


def _channel_padding(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    return F.pad(x, _pair(layer["padding"]))


def _rescaling(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    return x * layer["scale"] + layer.get("offset", 0.0)


def _same(layer: Any, x: Tensor, parameters: Parameters) -> Tensor:
    return x


_LAYERS: dict[str, Callable[[Any, Tensor, Parameters], Tensor]] = {
    **CHANNEL_LAYERS,
    "activation": _same,
    "average_pooling1d": _pooling1d,
    "average_pooling2d": _pooling2d,
    "batch_normalization": _batch_normalization,
    "conv1d": _conv1d,
    "channel_padding": _channel_padding,
    "conv2d": _conv2d,
    "conv2d_transpose": _conv2d_transpose,
    "cropping2d": _cropping2d,
    "dense": _dense,
    "depthwise_conv2d": _depthwise_conv2d,
    "dropout": _same,
    "flatten": lambda layer, x, parameters: x.flatten(1),
    "global_average_pooling1d": _global_average,
    "global_average_pooling2d": _global_average,
    "global_max_pooling1d": _global_max,
    "global_max_pooling2d": _global_max,
    "max_pooling1d": _pooling1d,
    "max_pooling2d": _pooling2d,
    "normalization": _normalization,
    "parallel": _parallel,
    "repeat": _repeat,
    "rescaling": _rescaling,
    "reshape": _reshape,
    "residual": _residual,
    "separable_conv2d": _separable_conv2d,
    "squeeze_excitation": _squeeze_excitation,
    "up_sampling2d": _up_sampling2d,
    "zero_padding2d": _zero_padding2d,
    "sequential": _repeat,
}


_JOINS: dict[str, Callable[[list[Tensor]], Tensor]] = {
    "add": lambda inputs: torch.stack(inputs).sum(0),
    "concatenate": lambda inputs: torch.cat(inputs, -1),
    "maximum": lambda inputs: torch.stack(inputs).max(0).values,
    "multiply": lambda inputs: torch.stack(_broadcast(inputs)).prod(0),
}


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _channels_first(x: Tensor) -> Tensor:
    return x.permute(0, 3, 1, 2)


def _channels_last(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1)
