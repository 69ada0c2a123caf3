"""A whole network held against its twin in float64."""

from __future__ import annotations

import numpy as np
import pytest

from dltrain.engine.network import Network
from tests.reference.architectures import Architecture
from tests.reference.judge import worst_gradient
from tests.reference.networks import random_batch
from tests.reference.twin import Twin


def check_network(drawn: Architecture, network: Network, samples: int) -> None:
    """Compare output, loss and all gradients, to float32 rounding."""
    x, y = random_batch(drawn, samples=samples)
    twin = Twin(drawn["layers"], drawn["loss"], network.parameters)
    np.testing.assert_allclose(network.forward(x), twin.forward(x), rtol=1e-4, atol=1e-5)
    loss, gradients = network.loss_and_gradients(x, y)
    wanted_loss, wanted = twin.loss_and_gradients(x, y)
    assert loss == pytest.approx(wanted_loss, rel=1e-5)
    error, key = worst_gradient(gradients, wanted)
    assert error < 1e-5, key
