"""One part of a split taken for another purpose: exact shares, every class alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.core.seeds import stream


def split_rows(
    targets: NDArray[Any], *, share: float, seed: int, purpose: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Divide the rows 0 .. n - 1 into those that stay and `share` of them, both in order.

    Labels are divided class by class, the remainders going to the classes with the largest
    fractions, so that the total is exact. The same arguments give the same rows.
    """
    count = _count(len(targets), share, purpose)
    generator = stream(seed, f"split {purpose}")
    labels = targets if targets.ndim == 1 else np.zeros(len(targets), np.int32)
    # Samples without a label, -1, are a class of their own here.
    labels = labels - min(int(labels.min()), 0)
    sizes = np.bincount(labels)
    taken = np.zeros(len(targets), bool)
    for label, quota in enumerate(_quotas(sizes, count)):
        taken[generator.permutation(np.flatnonzero(labels == label))[:quota]] = True
    return np.flatnonzero(~taken), np.flatnonzero(taken)


def split_end(
    targets: NDArray[Any], *, share: float, purpose: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Divide the rows 0 .. n - 1 into those that stay and the last ones, `share` of all."""
    stay = len(targets) - _count(len(targets), share, purpose)
    rows = np.arange(len(targets), dtype=np.int64)
    return rows[:stay], rows[stay:]


def _count(samples: int, share: float, purpose: str) -> int:
    """Count a share of samples; raise DataError where it is none, or all."""
    count = round(samples * share)
    if not 0 < count < samples:
        raise DataError(
            f"{purpose}: a share of {share:g} of {samples} samples leaves one part empty",
            hint="give a larger share, or more samples",
        )
    return count


def _quotas(sizes: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    exact = sizes * (count / sizes.sum())
    quotas: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    largest = np.argsort(quotas - exact, kind="stable")
    quotas[largest[: count - quotas.sum()]] += 1
    return quotas
