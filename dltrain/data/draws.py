"""Random numbers of a sample, by counting: no state, so any thread can draw them in any order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltrain.core.seeds import key_of


def uniform(
    seed: int, purpose: str, epoch: int, indices: NDArray[np.int64], count: int
) -> NDArray[np.float64]:
    """Draw `count` numbers in [0, 1) for every index: the same for the same arguments.

    The finaliser of SplitMix64 (Steele, Lea, Flood 2014) over key + counter * golden ratio.
    """
    key = np.uint64(key_of(seed, purpose, epoch))
    columns = np.arange(count, dtype=np.uint64)
    counter = indices.astype(np.uint64)[:, np.newaxis] * np.uint64(count) + columns
    z = key + (counter + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53
