from __future__ import annotations

from typing import Any

import pytest

from dltrain.regularizers.base import Regularizer


@pytest.mark.parametrize(
    ("fields", "factors"),
    [
        ("l1", (0.01, 0.0)),
        ("l2", (0.0, 0.01)),
        ("l1_l2", (0.01, 0.01)),
        ({"type": "l2", "l2": 1e-4}, (0.0, 1e-4)),
        ({"type": "l1_l2", "l1": 0.5, "l2": 0.25}, (0.5, 0.25)),
    ],
)
def test_regularizers_give_their_factors(fields: Any, factors: tuple[float, float]) -> None:
    assert Regularizer.parse(fields).factors() == factors
