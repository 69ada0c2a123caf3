"""From stored values to float32 as the network sees them: 8-bit / 255, 16-bit / 65535."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_LARGEST = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0}


def divisor_of(dtype: np.dtype[Any]) -> float | None:
    """Give what values of a type are divided by; None where they are taken as they are."""
    return _LARGEST.get(dtype)


def scaled(
    x: NDArray[Any], divisor: float | None, *, out: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Write x / divisor as float32, always into memory other than that of `x`."""
    if out is None:
        out = np.empty(x.shape, np.float32)
    np.copyto(out, x, casting="unsafe")
    if divisor is not None:
        # Divided in place: multiplying by 1 / 255 would miss the last bit of some values.
        np.divide(out, np.float32(divisor), out=out)
    return out
