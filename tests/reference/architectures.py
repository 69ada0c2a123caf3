"""Random networks as plain configs: every layer, odd shapes, the same for the same seed.

The shape rules here are written a second time, so that a test can hold them against dltrain's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypedDict

from tests.reference import channel_steps, window_steps
from tests.reference.geometry import extents, window_output

Shape = tuple[int, ...]
Config = dict[str, Any]
Step = tuple[list[Config], Shape]
"""Layers, and the shape that they give."""


class Architecture(TypedDict):
    """A network, what it takes, and how it is trained."""

    input_shape: Shape
    classes: int
    layers: list[Config]
    loss: str
    output_shape: Shape


ACTIVATIONS = (
    "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "softplus",
    "hard_sigmoid", "hard_silu", "linear", "softmax",
)  # fmt: skip


def architecture(seed: int) -> Architecture:
    """Draw a network; consecutive seeds go round all layers and all activations."""
    random = Random(f"architecture {seed}")
    family = (_images, _images, _sequences, _vectors)[seed % 4]
    input_shape, layers, shape = family(random, seed)
    layers.append(activation_layer(random, ACTIVATIONS[seed % len(ACTIVATIONS)]))
    ending, loss, classes, output_shape = _ending(random, shape)
    return Architecture(
        input_shape=input_shape,
        classes=classes,
        layers=layers + ending,
        loss=loss,
        output_shape=output_shape,
    )


def architectures(count: int, *, first: int = 0) -> list[Architecture]:
    """Draw this many networks."""
    return [architecture(seed) for seed in range(first, first + count)]


def layer_names(layers: list[Config]) -> set[str]:
    """Name every type of layer in a config, inside containers too."""
    names = set()
    for layer in layers:
        names.add(layer["type"])
        for part in (
            layer.get("layers", []),
            layer.get("shortcut", []),
            *layer.get("branches", []),
        ):
            names |= layer_names(part)
    return names


def without_chance(layers: list[Config]) -> list[Config]:
    """Let no layer draw random numbers: set what they do with them to zero."""
    return [with_fields(layer, rate=0.0, stddev=0.0) for layer in layers]


def with_fields(config: Any, **fields: Any) -> Any:
    """Change fields of a config wherever they stand in it."""
    if isinstance(config, list):
        return [with_fields(one, **fields) for one in config]
    if not isinstance(config, dict):
        return config
    return {key: fields.get(key, with_fields(one, **fields)) for key, one in config.items()}


def activation_layer(random: Random, name: str) -> Config:
    """Draw a layer that applies this activation."""
    return {"type": "activation", "activation": _activation(random, name)}


def conv2d(random: Random, shape: Shape) -> Step:
    """Draw a convolution with any kernel, strides, padding, dilation and groups."""
    height, width, channels = shape
    kernel = (random.randint(1, min(5, height)), random.randint(1, min(5, width)))
    strides, dilation = (1, 1), (1, 1)
    if random.random() < 0.4:
        strides = (random.randint(1, 3), random.randint(1, 3))
    elif random.random() < 0.4:
        dilation = (random.randint(1, 2), random.randint(1, 2))
    padding = _padding(random, (2, 2))
    groups = random.choice([n for n in range(1, channels + 1) if channels % n == 0])
    filters = groups * random.randint(1, 7)
    size = extents(shape, kernel, strides, padding, dilation=dilation)
    if min(size) < 1:
        return conv2d(random, shape)
    layer = {
        "type": "conv2d",
        "filters": filters,
        "kernel_size": list(kernel) if kernel[0] != kernel[1] else kernel[0],
        "strides": list(strides),
        "padding": padding,
        "dilation_rate": list(dilation),
        "groups": groups,
        "use_bias": random.random() < 0.8,
    }
    return [_with_extras(random, layer)], (*size, filters)


def pooling2d(random: Random, shape: Shape, name: str) -> Step:
    """Draw a pooling, with strides of its own half of the time."""
    pool = (random.randint(1, min(3, shape[0])), random.randint(1, min(3, shape[1])))
    strides = (random.randint(1, 3), random.randint(1, 3)) if random.random() < 0.5 else pool
    padding = _padding(random, (pool[0] // 2, pool[1] // 2))
    ceil_mode = padding != "same" and random.random() < 0.4
    size = extents(shape, pool, strides, padding, ceil_mode=ceil_mode)
    layer: Config = {"type": name, "pool_size": list(pool), "padding": padding}
    if strides != pool:
        layer["strides"] = list(strides)
    if ceil_mode:
        layer["ceil_mode"] = True
    if name.startswith("average") and random.random() < 0.3:
        layer["count_include_pad"] = True
    return [layer], (*size, shape[2])


def pooling1d(random: Random, shape: Shape, name: str) -> Step:
    """Draw a pooling over time."""
    pool = random.randint(1, min(3, shape[0]))
    padding = random.choice(["valid", "same"])
    layer = {"type": name, "pool_size": pool, "padding": padding}
    return [layer], (window_output(shape[0], pool, pool, padding), shape[1])


def residual(random: Random, shape: Shape) -> Step:
    """Draw two convolutions whose sum with their input, or a projection of it, goes on."""
    if random.random() < 0.5:
        layers = [_same_conv(random, shape[2], 3), _same_conv(random, shape[2], 2)]
        return [_activated(random, {"type": "residual", "layers": layers})], shape
    filters, strides = random.randint(1, 6), random.randint(1, 2)
    layers = [_same_conv(random, filters, 3, strides), _same_conv(random, filters, 3)]
    shortcut = [_same_conv(random, filters, 1, strides)]
    size = tuple(-(-extent // strides) for extent in shape[:2])
    container = {"type": "residual", "layers": layers, "shortcut": shortcut}
    return [_activated(random, container)], (*size, filters)


def repeat(random: Random, shape: Shape) -> Step:
    """Draw layers that stand several times, each time with parameters of their own."""
    inner = [_same_conv(random, shape[2], 3)] if len(shape) == 3 else [_dense(random, shape[-1])]
    return [{"type": "repeat", "times": random.randint(1, 3), "layers": inner}], shape


def sequential(random: Random, shape: Shape) -> Step:
    """Draw a layer under another name, and channels of zeros."""
    inner = _same_conv(random, shape[2], 3) if len(shape) == 3 else _dense(random, shape[-1])
    before, after = random.randint(0, 3), random.randint(1, 3)
    zeros: Config = {"type": "channel_padding", "padding": [before, after]}
    layer = _activated(random, {"type": "sequential", "layers": [inner, zeros]})
    return [layer], (*shape[:-1], before + shape[-1] + after)


def parallel(random: Random, shape: Shape) -> Step:
    """Draw branches side by side, joined in any way."""
    count = random.randint(2, 3)
    merge = random.choice(["concatenate", "add", "multiply", "maximum"])
    apart = merge == "concatenate"
    widths = [random.randint(1, 5) for _ in range(count)]
    if not apart:
        widths = widths[:1] * count
    if len(shape) == 3:
        branches = [[_same_conv(random, width, random.randint(1, 3))] for width in widths]
    else:
        branches = [[_dense(random, width)] for width in widths]
    if shape[-1] == widths[0] and not apart:
        branches[0] = [activation_layer(random, "linear")]
    if merge == "multiply" and len(shape) == 3:
        branches[-1] = [{"type": "global_average_pooling2d"}, _dense(random, widths[-1])]
    layer = {"type": "parallel", "branches": branches, "merge": merge}
    return [layer], (*shape[:-1], sum(widths) if apart else widths[0])


def joins(random: Random, shape: Shape) -> Step:
    """Draw layers that name what they take: a sum, and all side by side."""
    tag, width = random.randrange(1000), random.randint(1, 5)
    kind = _same_conv(random, width, 3) if len(shape) == 3 else _dense(random, width)
    first, second, total = (f"{kind['type']}_{letter}{tag}" for letter in "abc")
    layers: list[Config] = [
        {**kind, "name": first},
        {**kind, "name": second, "inputs": [first]},
        _activated(random, {"type": "add", "name": total, "inputs": [first, second, first]}),
        {"type": "multiply", "inputs": [first, total], "name": f"{total}m"},
        {"type": "maximum", "inputs": [first, f"{total}m"], "name": f"{total}x"},
        {"type": "concatenate", "inputs": [second, total, f"{total}x"]},
    ]
    return layers, (*shape[:-1], 3 * width)


def keeping(number: int) -> Callable[[Random, Shape], Step]:
    """Draw a layer of those that keep any shape, which consecutive numbers go round."""

    def draw(random: Random, shape: Shape) -> Step:
        return [_activated(random, channel_steps.draw(random, shape, number))], shape

    return draw


def _images(random: Random, seed: int) -> tuple[Shape, list[Config], Shape]:
    input_shape = (random.randint(5, 13), random.randint(5, 13), random.randint(1, 6))
    steps: list[Callable[[Random, Shape], Step]] = [
        lambda r, s: pooling2d(r, s, "max_pooling2d"),
        lambda r, s: pooling2d(r, s, "average_pooling2d"),
        residual,
        repeat,
        parallel,
        _pointwise,
        conv2d,
        joins,
        window_steps.depthwise_conv2d,
        window_steps.separable_conv2d,
        window_steps.conv2d_transpose,
        window_steps.resized,
        window_steps.squeeze_excitation,
        sequential,
    ]
    # Of two seeds in four, so that the list is gone round with a step of one.
    number = seed // 4 * 2 + seed % 4
    first, second = steps[number % len(steps)], random.choice(steps)
    layers, shape = _chain(random, input_shape, [conv2d, keeping(number), first, conv2d, second])
    if number % 3 == 0:
        layers.append({"type": "reshape", "target_shape": [-1, shape[2]]})
        return input_shape, layers, (shape[0] * shape[1], shape[2])
    if number % 3 == 1:
        name = ("global_average_pooling2d", "global_max_pooling2d")[number % 2]
        layers += [{"type": name, "keepdims": True}, {"type": "flatten"}]
        return input_shape, layers, (shape[2],)
    return input_shape, [*layers, {"type": "flatten"}], (shape[0] * shape[1] * shape[2],)


def _sequences(random: Random, seed: int) -> tuple[Shape, list[Config], Shape]:
    input_shape = (random.randint(3, 9), random.randint(1, 9))
    number = seed // 4
    pool = ("max_pooling1d", "average_pooling1d")[number % 2]
    steps: list[Callable[[Random, Shape], Step]] = [
        (_wide_dense, window_steps.conv1d)[number // 2 % 2],
        keeping(number),
        lambda r, s: pooling1d(r, s, pool),
        (repeat, parallel, _pointwise)[number % 3],
    ]
    layers, shape = _chain(random, input_shape, steps)
    if number % 4 < 2:
        name = ("global_average_pooling1d", "global_max_pooling1d")[number % 2]
        return input_shape, [*layers, {"type": name}], shape[1:]
    return input_shape, layers, shape


def _vectors(random: Random, seed: int) -> tuple[Shape, list[Config], Shape]:
    input_shape = (random.randint(1, 23),)
    number = seed // 4
    middle = (repeat, parallel, _pointwise, joins, sequential)[number % 5]
    steps = [_wide_dense, keeping(number), middle, _wide_dense]
    layers, shape = _chain(random, input_shape, steps)
    return input_shape, layers, shape


def _chain(
    random: Random, shape: Shape, steps: Sequence[Callable[[Random, Shape], Step]]
) -> tuple[list[Config], Shape]:
    layers: list[Config] = []
    for step in steps:
        added, shape = step(random, shape)
        layers += added
    return layers, shape


def _ending(random: Random, shape: Shape) -> tuple[list[Config], str, int, Shape]:
    classes = random.randint(2, 7)
    kind = random.choice(["classes", "classes", "yes or no", "numbers"])
    if kind == "numbers":
        layers = [{"type": "dense", "units": classes}]
        return layers, "mean_squared_error", classes, (*shape[:-1], classes)
    flat = [{"type": "flatten"}] if len(shape) > 1 else []
    if kind == "yes or no":
        units = {"type": "dense", "units": classes, "activation": "sigmoid"}
        return [*flat, units], "binary_crossentropy", classes, (classes,)
    units = {"type": "dense", "units": "classes", "activation": "softmax"}
    return [*flat, units], "categorical_crossentropy", classes, (classes,)


def _pointwise(random: Random, shape: Shape) -> Step:
    channels = shape[-1]
    normalization: Config = {
        "type": "normalization",
        "mean": [random.uniform(-1, 1) for _ in range(channels)],
        "variance": [random.uniform(0.2, 2) for _ in range(channels)],
    }
    rescaling = {"type": "rescaling", "scale": random.uniform(0.5, 2), "offset": random.random()}
    dropout = {"type": "dropout", "rate": 0.3}
    batch: Config = {"type": "batch_normalization", "center": random.random() < 0.8}
    return [normalization, rescaling, dropout, _activated(random, batch)], shape


def _wide_dense(random: Random, shape: Shape) -> Step:
    units = random.randint(1, 37)
    return [_dense(random, units)], (*shape[:-1], units)


def _dense(random: Random, units: int) -> Config:
    layer = {"type": "dense", "units": units, "use_bias": random.random() < 0.8}
    return _with_extras(random, layer)


def _same_conv(random: Random, filters: int, kernel: int, strides: int = 1) -> Config:
    layer = {"type": "conv2d", "filters": filters, "kernel_size": kernel, "padding": "same"}
    if strides != 1:
        layer["strides"] = strides
    return _activated(random, layer)


def _with_extras(random: Random, layer: Config) -> Config:
    if random.random() < 0.3:
        regularizer = random.choice(["l1", "l2", "l1_l2"])
        factors = {name: round(random.uniform(1e-3, 1e-2), 4) for name in regularizer.split("_")}
        layer = {**layer, "kernel_regularizer": {"type": regularizer, **factors}}
    return _activated(random, layer)


def _activated(random: Random, layer: Config) -> Config:
    if random.random() < 0.4:
        return layer
    return {**layer, "activation": _activation(random, random.choice(ACTIVATIONS[:-1]))}


def _activation(random: Random, name: str) -> str | Config:
    if name == "leaky_relu" and random.random() < 0.5:
        return {"type": name, "negative_slope": round(random.uniform(0.01, 0.5), 3)}
    if name == "elu" and random.random() < 0.5:
        return {"type": name, "alpha": round(random.uniform(0.3, 1.5), 3)}
    return name


def _padding(random: Random, most: tuple[int, int]) -> Any:
    (height, width) = most
    forms = [
        "valid",
        "same",
        random.randint(0, min(most)),
        [random.randint(0, height), random.randint(0, width)],
        [[random.randint(0, n), random.randint(0, n)] for n in most],
    ]
    return random.choice(forms)
