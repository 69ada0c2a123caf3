"""Attention of long sequences takes memory that grows with the length, not with its square."""

from __future__ import annotations

import subprocess
import sys

import pytest

WIDTH = 128
LENGTHS = (4096, 8192, 16384)
MEASURED = """
import sys
import numpy as np
from dltrain.engine.lower import Objective
from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from dltrain.losses.base import Loss
from dltrain.training.memory import peak_memory

shape = (int(sys.argv[1]), int(sys.argv[2]))
layer = Layer.parse({"type": "multi_head_attention", "num_heads": 4, "key_dim": shape[1] // 4})
objective = Objective(Loss.parse("mean_squared_error"), (), "dense")
network = Network.build((layer,), input_shape=shape, objective=objective)
x = np.ones((1, *shape), np.float32)
network.loss_and_gradients(x, x)
print(peak_memory())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the system does not tell the peak")
def test_twice_the_length_takes_twice_the_memory() -> None:
    # Once for all before: kernels are compiled in a process that is not measured.
    _peak(64)
    peaks = [_peak(length) for length in LENGTHS]
    first, second = peaks[1] - peaks[0], peaks[2] - peaks[1]
    assert 0 < second < 2.2 * first


def _peak(length: int) -> int:
    command = [sys.executable, "-c", MEASURED, str(length), str(WIDTH)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)
