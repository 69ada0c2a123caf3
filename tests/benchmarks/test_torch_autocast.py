"""bfloat16 against PyTorch's: both are as far from float64."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.reference.bfloat16 import needs_bfloat16

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("default"), needs_bfloat16]


@pytest.mark.parametrize(
    ("model", "input_shape", "samples"),
    [
        ({"type": "resnet20", "width": 0.5}, (12, 12, 3), 10),
        ({"type": "mlp", "units": [256, 256]}, (300,), 96),
    ],
    ids=["resnet", "mlp"],
)
def test_gradients_are_as_near_to_float64_as_those_of_autocast(
    model: dict[str, Any], input_shape: tuple[int, ...], samples: int
) -> None:
    torch = pytest.importorskip("torch", reason="needs the `peers` extra")
    from tests.benchmarks.oracle import Case, errors_of

    case = Case(model, input_shape=input_shape, samples=samples)
    case.network.precision = "bfloat16"
    errors = []
    for seed in range(4):
        case.draw(seed)
        wanted = case.with_torch(torch.float64, training=True)
        with torch.autocast("cpu", torch.bfloat16):
            autocast = case.with_torch(torch.float32, training=True)
        _, gradients = case.network.loss_and_gradients(case.x, case.y)
        own = replace(wanted, gradients=gradients)
        errors.append([errors_of(one, wanted).gradients for one in (own, autocast)])
    own_error, autocast_error = np.mean(errors, 0)
    # Both round; which rounds what is near to a tie is chance.
    assert autocast_error / 2 < own_error < 1.25 * autocast_error
