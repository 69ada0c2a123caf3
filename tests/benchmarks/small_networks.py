"""Networks of a few layers that are held against peers, and how far outputs are apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.engine.lower import Objective
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from dltrain.losses.base import Loss

Config = dict[str, Any]


def network_of(layers: list[Config], shape: tuple[int, ...]) -> Network:
    """Build a network whose loss is the mean of squares."""
    return Network.build(
        tuple(Layer.parse(layer) for layer in layers),
        input_shape=shape,
        objective=Objective(Loss.parse("mean_squared_error"), (), "dense"),
        threads=1,
    )


def relative(found: NDArray[Any], wanted: NDArray[Any]) -> float:
    """Give the relative error by norm."""
    assert found.shape == wanted.shape
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))
