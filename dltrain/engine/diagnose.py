"""After a step that was not finite: run it again row by row to name the layer it began in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dltrain.core.lowering import Buffer, Home, Row
from dltrain.engine.program import Program


def first_bad_layer(
    program: Program, inputs: Sequence[NDArray[np.float32]], target: NDArray[np.generic] | None
) -> str:
    """Name the first input, layer or gradient whose values are not all finite."""
    for index, array in enumerate(inputs):
        if not np.isfinite(array).all():
            return f"input {index} of the network holds values that are not finite"
    found = program.trace(inputs, target, _looks_bad)
    if found is None:
        return "only sums over the batch are not finite"
    what = "the gradient of " if found.backward else "the output of "
    return f"{what}layer {found.layer} is the first that is not finite"


def _looks_bad(_row: Row, buffer: Buffer, values: NDArray[np.float32]) -> bool:
    looked_at = buffer.width == 4 and buffer.home is not Home.THREAD and not buffer.interleaved
    return looked_at and not np.isfinite(values).all()
