"""Random layers with windows, beside those of `architectures`: configs and the shapes they give."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.reference.geometry import both_sides, extents, transposed, window_output

Shape = tuple[int, ...]
Config = dict[str, Any]
Step = tuple[list[Config], Shape]


def depthwise_conv2d(random: Random, shape: Shape) -> Step:
    """Draw a convolution of each channel."""
    fields, size = _windows(random, shape)
    times = random.randint(1, 3)
    layer = {"type": "depthwise_conv2d", "depth_multiplier": times, **fields}
    return [_penalized(random, layer, "depthwise")], (*size, shape[2] * times)


def separable_conv2d(random: Random, shape: Shape) -> Step:
    """Draw a convolution in two steps."""
    fields, size = _windows(random, shape)
    filters, times = random.randint(1, 19), random.randint(1, 2)
    layer = {"type": "separable_conv2d", "filters": filters, "depth_multiplier": times, **fields}
    layer = _penalized(random, _penalized(random, layer, "depthwise"), "pointwise")
    return [layer], (*size, filters)


def conv2d_transpose(random: Random, shape: Shape) -> Step:
    """Draw a transposed convolution, up to twice as high and wide."""
    kernel, strides = _two(random, 1, 4), _two(random, 1, 2)
    dilation = _two(random, 1, 2)
    padding = random.choice(["valid", "same", 1, [0, 1], [[1, 0], [0, 1]]])
    added = random.randrange(min(strides)) if random.random() < 0.5 else None
    sides = both_sides(padding)
    size = tuple(
        transposed(
            shape[axis],
            kernel[axis],
            strides[axis],
            sides if isinstance(sides, str) else sides[axis],
            dilation=dilation[axis],
            added=added,
        )[1]
        for axis in (0, 1)
    )
    if min(size) < 1:
        return conv2d_transpose(random, shape)
    layer = {
        "type": "conv2d_transpose",
        "filters": random.randint(1, 19),
        "kernel_size": list(kernel),
        "strides": list(strides),
        "padding": padding,
        "output_padding": added,
        "dilation_rate": list(dilation),
        "use_bias": random.random() < 0.8,
        "activation": random.choice([None, "relu"]),
    }
    return [_penalized(random, layer, "kernel")], (*size, layer["filters"])


def resized(random: Random, shape: Shape) -> Step:
    """Draw an image set among zeros, made larger and cut to size."""
    size, around = _two(random, 1, 3), [[random.randint(0, 2) for _ in "ab"] for _ in "hw"]
    height, width = (
        (extent + sum(side)) * times
        for extent, side, times in zip(shape[:2], around, size, strict=True)
    )
    cut = [height // 4, width // 2]
    layers: list[Config] = [
        {"type": "zero_padding2d", "padding": around},
        {
            "type": "up_sampling2d",
            "size": list(size),
            "interpolation": random.choice(["nearest", "bilinear"]),
        },
        {"type": "cropping2d", "cropping": [[cut[0], 0], [0, cut[1]]]},
    ]
    return layers, (height - cut[0], width - cut[1], shape[2])


def squeeze_excitation(random: Random, shape: Shape) -> Step:
    """Draw channels that are weighed by what the image holds."""
    layer = {
        "type": "squeeze_excitation",
        **random.choice([{"units": random.randint(1, 5)}, {"ratio": random.randint(1, 4)}, {}]),
        "squeeze_activation": random.choice(["relu", "silu"]),
        "gate_activation": random.choice(["sigmoid", "hard_sigmoid"]),
        "activation": random.choice([None, "tanh"]),
    }
    return [_penalized(random, layer, "kernel")], shape


def conv1d(random: Random, shape: Shape) -> Step:
    """Draw a convolution over time."""
    time, features = shape
    size, strides, dilation = (random.randint(1, most) for most in (4, 2, 2))
    padding = random.choice(["valid", "same", "causal", 1, [0, 2]])
    sides: Any = [(size - 1) * dilation, 0] if padding == "causal" else padding
    sides = (sides, sides) if isinstance(sides, int) else sides
    output = window_output(time, size, strides, sides, dilation=dilation)
    if output < 1:
        return conv1d(random, shape)
    groups = random.choice([n for n in range(1, features + 1) if features % n == 0])
    layer = {
        "type": "conv1d",
        "filters": groups * random.randint(1, 7),
        "kernel_size": size,
        "strides": strides,
        "padding": padding,
        "dilation_rate": dilation,
        "groups": groups,
        "use_bias": random.random() < 0.8,
        "activation": random.choice([None, "relu", "tanh"]),
    }
    return [_penalized(random, layer, "kernel")], (output, layer["filters"])


def _windows(random: Random, shape: Shape) -> tuple[Config, Shape]:
    """Draw kernel, strides, padding and dilation that fit, and the extents that they leave."""
    kernel, strides = _two(random, 1, 4), _two(random, 1, 2)
    dilation = _two(random, 1, 2) if strides == (1, 1) else (1, 1)
    padding = random.choice(["valid", "same", 1, [0, 2], [[1, 0], [0, 2]]])
    size = extents(shape, kernel, strides, padding, dilation=dilation)
    if min(size) < 1:
        return _windows(random, shape)
    fields = {
        "kernel_size": list(kernel),
        "strides": list(strides),
        "padding": padding,
        "dilation_rate": list(dilation),
        "use_bias": random.random() < 0.8,
        "activation": random.choice([None, "relu", "tanh"]),
    }
    return fields, size


def _penalized(random: Random, layer: Config, name: str) -> Config:
    if random.random() < 0.7:
        return layer
    penalty = {"type": "l2", "l2": round(random.uniform(1e-3, 1e-2), 4)}
    return {**layer, f"{name}_regularizer": penalty}


def _two(random: Random, least: int, most: int) -> tuple[int, int]:
    return random.randint(least, most), random.randint(least, most)
