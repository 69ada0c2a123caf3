"""One layer with parameters on its bench, held against its float64 twin, at every width."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.core.lowering import Target
from tests.reference import twin_layers
from tests.reference.bfloat16 import exact
from tests.reference.parameter_bench import ParameterBench
from tests.reference.window_twins import ALL_LAYERS

Array = NDArray[Any]
TARGETS = [Target(4, 32), Target(8, 16), Target(16, 32)]
at_every_width = pytest.mark.parametrize("target", TARGETS, ids=lambda target: str(target.width))


class LayerTwin:
    """Layers in float64 one after another, all with the parameters of a bench."""

    def __init__(self, bench: ParameterBench, x: Array, *layers: dict[str, Any]) -> None:
        wide = {f"own/{name}": value.astype(float) for name, value in bench.parameters.items()}
        self.gradients = {name: np.zeros_like(value) for name, value in wide.items()}
        own = twin_layers.Own("own", wide, self.gradients)
        self.y, self.ways = x.astype(float), []
        for layer in layers:
            self.y, backward = ALL_LAYERS[layer["type"]](layer, self.y, own)
            self.ways.append(backward)
            if layer.get("activation"):
                self.y, backward = twin_layers.activation(layer["activation"], self.y)
                self.ways.append(backward)

    def backward(self, dy: Array) -> Array:
        dx = dy.astype(float)
        for way in reversed(self.ways):
            dx = way(dx)
        return dx


def normal(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    """Draw an array."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def compare(
    bench: ParameterBench, x: Array, *layers: dict[str, Any], draw: Callable[..., Array] = normal
) -> None:
    """Hold output and gradients of a bench against those of twins, to float32 rounding.

    `draw` gives the output's gradient, by its shape and a seed.
    """
    twin = LayerTwin(bench, x, *layers)
    np.testing.assert_allclose(bench.forward(), twin.y, rtol=1e-5, atol=2e-5)
    dy = exact(draw(*twin.y.shape, seed=1), bench.precision)
    (dx,) = bench.backward(dy)
    np.testing.assert_allclose(dx, twin.backward(dy), rtol=1e-5, atol=4e-5)
    for name, found in bench.parameter_gradients.items():
        np.testing.assert_allclose(found, twin.gradients[f"own/{name}"], rtol=1e-5, atol=1e-4)
    assert set(bench.parameter_gradients) == set(bench.parameters)
    assert bench.slack_is_untouched
