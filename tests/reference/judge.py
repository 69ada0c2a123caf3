"""When two sets of gradients are the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Gradients = Mapping[str, NDArray[Any]]


def worst_gradient(found: Gradients, wanted: Gradients) -> tuple[float, str]:
    """Give the largest relative error by norm, and whose it is.

    A parameter whose gradient is under 1 % of the norm of all is judged against that 1 %: rounding
    in what cancels out says nothing about a mistake.
    """
    assert list(found) == list(wanted)
    norms = {name: float(np.linalg.norm(value)) for name, value in wanted.items()}
    floor = 0.01 * float(np.linalg.norm(list(norms.values())))
    errors = [
        (float(np.linalg.norm(found[name] - value)) / max(norms[name], floor, 1e-30), name)
        for name, value in wanted.items()
    ]
    return max(errors)
