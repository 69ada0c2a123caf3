"""What joins branches, in float64: the output, and a function from its gradient to each input's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Joined = tuple[Array, Callable[[Array], list[Array]]]


def concatenate(inputs: Sequence[Array]) -> Joined:
    cuts = np.cumsum([x.shape[-1] for x in inputs])[:-1]
    return np.concatenate(inputs, axis=-1), lambda dy: np.split(dy, cuts, axis=-1)


def add(inputs: Sequence[Array]) -> Joined:
    return np.sum(inputs, 0), lambda dy: [dy for _ in inputs]


def multiply(inputs: Sequence[Array]) -> Joined:
    whole = max(inputs, key=lambda x: x.size)
    wide = [np.broadcast_to(_spread(x, whole), whole.shape) for x in inputs]

    def backward(dy: Array) -> list[Array]:
        gradients = []
        for index, x in enumerate(inputs):
            dx = dy * np.prod([*wide[:index], *wide[index + 1 :]], axis=0)
            if x.shape != whole.shape:
                dx = dx.sum(tuple(range(1, dx.ndim - 1))).reshape(x.shape)
            gradients.append(dx)
        return gradients

    return np.prod(wide, axis=0), backward


def maximum(inputs: Sequence[Array]) -> Joined:
    stacked = np.stack(inputs)
    first = stacked.argmax(0)
    return stacked.max(0), lambda dy: [np.where(first == n, dy, 0) for n in range(len(inputs))]


def _spread(x: Array, whole: Array) -> Array:
    """Give (n, channels) as (n, 1, ..., channels), so that it meets every place of an image."""
    return x if x.ndim == whole.ndim else x.reshape(len(x), *[1] * (whole.ndim - 2), x.shape[-1])


JOINS: dict[str, Callable[[Sequence[Array]], Joined]] = {
    "add": add,
    "concatenate": concatenate,
    "maximum": maximum,
    "multiply": multiply,
}
