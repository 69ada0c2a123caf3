"""Keras' updates in float64: each takes a parameter, a gradient and the slots, changed in place."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def sgd(w: Array, g: Array, s: Mapping[str, Array], o: Mapping[str, float], step: int) -> None:
    rate = o["learning_rate"]
    if not o["momentum"]:
        w -= rate * g
        return
    v = s["momentum"]
    v[:] = o["momentum"] * v - rate * g
    w += o["momentum"] * v - rate * g if o["nesterov"] else v


def rmsprop(w: Array, g: Array, s: Mapping[str, Array], o: Mapping[str, float], step: int) -> None:
    v, rho = s["velocity"], o["rho"]
    v[:] = rho * v + (1 - rho) * g * g
    spread = v + o["epsilon"]
    if o["centered"]:
        mean = s["average_gradient"]
        mean[:] = rho * mean + (1 - rho) * g
        spread = spread - mean * mean
    move = o["learning_rate"] * g / np.sqrt(spread)
    if o["momentum"]:
        s["momentum"][:] = o["momentum"] * s["momentum"] + move
        move = s["momentum"]
    w -= move


def adam(w: Array, g: Array, s: Mapping[str, Array], o: Mapping[str, float], step: int) -> None:
    m, v, count = s["momentum"], s["velocity"], step + 1
    b1, b2, rate = o["beta_1"], o["beta_2"], o["learning_rate"]
    w -= w * rate * o.get("weight_decay", 0.0)
    m[:] = b1 * m + (1 - b1) * g
    v[:] = b2 * v + (1 - b2) * g * g
    height = v
    if o["amsgrad"]:
        height = s["largest_velocity"]
        height[:] = np.maximum(height, v)
    alpha = rate * np.sqrt(1 - b2**count) / (1 - b1**count)
    w -= alpha * m / (np.sqrt(height) + o["epsilon"])


RULES = {"sgd": sgd, "rmsprop": rmsprop, "adam": adam, "adamw": adam}
