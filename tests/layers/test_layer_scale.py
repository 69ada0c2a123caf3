from __future__ import annotations

import numpy as np
import pytest

from dltrain.core.lowering import Target
from tests.reference.layer_bench import LayerBench
from tests.reference.layer_twin import compare, normal
from tests.reference.parameter_bench import ParameterBench


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("shape", [(9,), (5, 33), (13, 7, 20), (40, 40, 1)])
def test_channels_are_multiplied_by_what_is_learnt(
    shape: tuple[int, ...], accumulate: bool
) -> None:
    x, config = normal(3, *shape), {"type": "layer_scale"}
    compare(ParameterBench(config, x, target=Target(16, 32), accumulate=accumulate), x, config)


def test_it_starts_as_in_convnext() -> None:
    x = normal(2, 4, 4, 8)
    np.testing.assert_array_equal(LayerBench("layer_scale", x).forward(), x * np.float32(1e-6))
