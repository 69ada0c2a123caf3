"""A few layers, behind one that learns, against PyTorch in float64 with equal weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

from tests.benchmarks.small_networks import Config, network_of, relative
from tests.reference.judge import worst_gradient

Tensor = torch.Tensor
Parameters = dict[str, Tensor]
Function = Callable[[Tensor, Parameters], Tensor]
FRONT = {"type": "dense", "name": "front", "use_bias": False}
"""The layer before, so that gradients of inputs are seen; its units are the features."""
CLOSE = 1e-4


def front(config: Config, features: int) -> list[Config]:
    """Put the layer that learns before a layer."""
    return [{**FRONT, "units": features}, config]


def compare_with_torch(
    layers: list[Config], shape: tuple[int, ...], function: Function, *, tokens: range | None = None
) -> None:
    """Hold output and gradients against those of a function of PyTorch's.

    It takes the input and the parameters under their names. Where samples are `tokens`, they are
    drawn from these.
    """
    network = network_of(layers, shape)
    generator = np.random.default_rng(0)
    for values in network.parameters.values():
        values[...] = generator.normal(0, 0.5, values.shape)
    x = generator.normal(size=(3, *shape))
    if tokens is not None:
        x = generator.integers(tokens.start, tokens.stop, x.shape)
    target = generator.normal(size=(3, *network.output_shape)).astype(np.float32)

    held = {
        name: torch.tensor(values, dtype=torch.float64, requires_grad=True)
        for name, values in network.parameters.items()
    }
    x = x.astype(np.float32)
    wanted = function(torch.tensor(x, dtype=torch.float64), held)
    functional.mse_loss(wanted, torch.tensor(target, dtype=torch.float64)).backward()

    assert relative(network.forward(x), wanted.detach().numpy()) < CLOSE
    _, gradients = network.loss_and_gradients(x, target)
    error, name = worst_gradient(gradients, {name: one.grad.numpy() for name, one in held.items()})
    assert error < CLOSE, name


def inside(parameters: Parameters, name: str) -> Parameters:
    """Give the parameters of one layer by their own names."""
    start = f"{name}/"
    return {key[len(start) :]: one for key, one in parameters.items() if key.startswith(start)}
