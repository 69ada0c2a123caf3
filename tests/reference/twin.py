"""A whole network in float64: loss and gradients, under the names that dltrain gives parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.reference import losses
from tests.reference.channel_twins import CHANNEL_LAYERS
from tests.reference.joins import JOINS, Joined
from tests.reference.sequence_twins import attention
from tests.reference.twin_layers import Array, Backward, Config, Own, activation
from tests.reference.window_twins import ALL_LAYERS, squeezing


class Twin:
    """A network of plain layer configs, with parameters and state of its own in float64."""

    def __init__(
        self,
        layers: list[Config],
        loss: str,
        arrays: Mapping[str, NDArray[Any]],
        *,
        training: bool = False,
    ) -> None:
        self.layers, self.loss, self.training = layers, loss, training
        self.values = {name: np.asarray(value, np.float64) for name, value in arrays.items()}
        self.gradients: dict[str, Array] = {}
        self.regularizers: dict[str, Config] = {}

    def forward(self, x: NDArray[Any]) -> Array:
        """Compute the output."""
        return self._run(x)[0]

    def loss_and_gradients(
        self, x: NDArray[Any], target: NDArray[Any]
    ) -> tuple[float, dict[str, Array]]:
        """Give the loss with its regularization terms, and the gradient of everything it holds."""
        y, backward = self._run(x)
        if target.ndim < y.ndim:
            target = losses.one_hot(target, y.shape[-1])
        value, dy = compare(self.loss, y, target)
        backward(dy)
        for name, factors in self.regularizers.items():
            kernel = self.values[name]
            l1, l2 = factors.get("l1", 0.0), factors.get("l2", 0.0)
            value += l1 * np.abs(kernel).sum() + l2 * np.square(kernel).sum()
            self.gradients[name] += l1 * np.sign(kernel) + 2 * l2 * kernel
        return float(value), self.gradients

    def _run(self, x: NDArray[Any]) -> tuple[Array, Backward]:
        self.gradients = {name: np.zeros_like(value) for name, value in self.values.items()}
        self.regularizers = {}
        return self._sequence(self.layers, np.asarray(x, np.float64), "", Counter())

    def _sequence(
        self, layers: list[Config], x: Array, scope: str, counts: Counter[str]
    ) -> tuple[Array, Backward]:
        """Run layers in order; `counts` are those of their types within `scope` so far.

        `inputs` may name layers of the same sequence, and `input` its own.
        """
        outputs, steps, name = {"input": x}, [], "input"
        for config in layers:
            sources = config.get("inputs", [name])
            counts[config["type"]] += 1
            name = config.get("name", f"{config['type']}_{counts[config['type']]}")
            given = [outputs[source] for source in sources]
            outputs[name], backward = self._activated(config, given, f"{scope}{name}")
            steps.append((name, sources, backward))

        def backwards(dy: Array) -> Array:
            gradients = {key: np.zeros_like(value) for key, value in outputs.items()}
            gradients[name] = dy
            for output, sources, back in reversed(steps):
                for source, dx in zip(sources, back(gradients[output]), strict=True):
                    gradients[source] = gradients[source] + dx
            return gradients["input"]

        return outputs[name], backwards

    def _activated(self, config: Config, given: list[Array], name: str) -> Joined:
        if config["type"] in JOINS:
            x, backward = JOINS[config["type"]](given)
        elif config["type"] == "multi_head_attention":
            own = Own(name, self.values, self.gradients, training=self.training)
            x, backward = attention(config, given, own)
        else:
            x, single = self._layer(config, given[0], name)
            backward = lambda dy: [single(dy)]  # noqa: E731
        if config.get("activation") is None:
            return x, backward
        y, slope = activation(config["activation"], x)
        return y, lambda dy: backward(slope(dy))

    def _layer(self, config: Config, x: Array, name: str) -> tuple[Array, Backward]:
        if config["type"] in ("repeat", "sequential"):
            layers = config["layers"] * config.get("times", 1)
            return self._sequence(layers, x, f"{name}/", Counter())
        if config["type"] == "residual":
            ways = [config["layers"], config.get("shortcut", [])]
            return self._ways(ways, "add", x, name)
        if config["type"] == "parallel":
            return self._ways(config["branches"], config.get("merge", "concatenate"), x, name)
        if config["type"] == "bidirectional":
            there = config["layer"]
            back = {**there, "go_backwards": not there.get("go_backwards", False)}
            ways = [[way, *_in_order(way)] for way in (there, back)]
            return self._ways(ways, config.get("merge", "concatenate"), x, name)
        if config["type"] == "time_distributed":
            return self._each_step(config["layer"], x, f"{name}/{config['layer']['type']}_1")
        if config["type"] == "squeeze_excitation":
            return self._ways([[], squeezing(config)], "multiply", x, name)
        for field, kernel in regularized(config).items():
            if config.get(field) is not None:
                self.regularizers[f"{name}/{kernel}"] = config[field]
        own = Own(name, self.values, self.gradients, training=self.training)
        return ALL_LAYERS[config["type"]](config, x, own)

    def _each_step(self, config: Config, x: Array, name: str) -> tuple[Array, Backward]:
        runs = [self._activated(config, [x[:, step]], name) for step in range(x.shape[1])]

        def backward(dy: Array) -> Array:
            back = [way(dy[:, step])[0] for step, (_, way) in enumerate(runs)]
            return np.stack(back, 1)

        return np.stack([y for y, _ in runs], 1), backward

    def _ways(
        self, ways: list[list[Config]], merge: str, x: Array, name: str
    ) -> tuple[Array, Backward]:
        counts: Counter[str] = Counter()
        runs = [self._sequence(way, x, f"{name}/", counts) for way in ways]
        outputs = [y for y, _ in runs]
        y, parts = JOINS[merge](outputs)

        def backward(dy: Array) -> Array:
            ways_back = zip(runs, parts(dy), strict=True)
            dx: Array = np.sum([back(part) for (_, back), part in ways_back], 0)
            return dx

        return y, backward


def _in_order(config: Config) -> list[Config]:
    """Turn round what a recurrent layer gives from last to first."""
    turns = config.get("go_backwards") and config.get("return_sequences")
    return [{"type": "reverse"}] if turns else []


def regularized(config: Config) -> dict[str, str]:
    """Name the fields of a layer that penalize parameters, and those parameters."""
    if config["type"] in CHANNEL_LAYERS:
        return {f"{name}_regularizer": name for name in ("gamma", "beta", "alpha")}
    if config["type"] == "separable_conv2d":
        names = ("depthwise", "pointwise")
        return {f"{name}_regularizer": f"{name}_kernel" for name in names}
    field = "depthwise" if config["type"] == "depthwise_conv2d" else "kernel"
    return {f"{field}_regularizer": "kernel"}


def compare(loss: str, y: Array, target: Array) -> tuple[float, Array]:
    """Give a loss and its gradient for what the network gives, its last activation applied."""
    if loss == "mean_squared_error":
        return losses.mean_squared_error(y, target), losses.mean_squared_error_gradient(y, target)
    if loss == "categorical_crossentropy":
        positions = y.size / y.shape[-1]
        return float(-(target * np.log(y)).sum() / positions), -target / y / positions
    value = -(target * np.log(y) + (1 - target) * np.log1p(-y)).mean()
    return float(value), (y - target) / (y * (1 - y)) / y.size
