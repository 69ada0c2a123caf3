"""Networks and batches for the random architectures, the same for the same seed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.engine.lower import Objective
from dltrain.engine.network import Network
from dltrain.losses.base import Loss
from dltrain.models.sequential import Sequential
from tests.reference.architectures import Architecture


def build_network(drawn: Architecture, *, seed: int = 0, threads: int | None = None) -> Network:
    """Build the network, its parameters of a size that makes all of them matter."""
    labels = drawn["loss"] == "categorical_crossentropy"
    network = Network.build(
        Sequential.model_validate({"layers": drawn["layers"]}).expand(),
        input_shape=drawn["input_shape"],
        classes=drawn["classes"],
        objective=Objective(Loss.parse(drawn["loss"]), (), "labels" if labels else "dense"),
        threads=threads,
    )
    generator = np.random.default_rng(seed)
    for name, values in network.parameters.items():
        if name.endswith(("/bias", "/beta", "/alpha")):
            values[...] = generator.normal(0, 0.3, values.shape)
        if name.endswith("/gamma"):
            values[...] = generator.normal(1, 0.3, values.shape)
    return network


def random_batch(
    drawn: Architecture, *, seed: int = 0, samples: int = 5
) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Draw inputs and the targets that the loss takes."""
    generator = np.random.default_rng([seed, 1])
    x = generator.normal(0, 1, (samples, *drawn["input_shape"])).astype(np.float32)
    shape = (samples, *drawn["output_shape"])
    if drawn["loss"] == "categorical_crossentropy":
        return x, generator.integers(0, drawn["classes"], samples).astype(np.int32)
    if drawn["loss"] == "binary_crossentropy":
        return x, generator.integers(0, 2, shape).astype(np.float32)
    return x, generator.normal(0, 1, shape).astype(np.float32)
