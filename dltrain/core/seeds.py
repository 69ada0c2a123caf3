"""One seed, many independent and named streams of random numbers."""

from __future__ import annotations

from hashlib import sha256

import numpy as np


def stream(seed: int, purpose: str, *indices: int) -> np.random.Generator:
    """Give the random generator of one purpose: the same for the same arguments, anywhere."""
    return np.random.Generator(np.random.Philox(key=key_of(seed, purpose, *indices)))


def key_of(seed: int, purpose: str, *indices: int) -> int:
    """Hash a seed, a purpose and indices to a 64-bit key."""
    text = "\x1f".join([str(seed), purpose, *map(str, indices)])
    return int.from_bytes(sha256(text.encode()).digest()[:8], "little")
