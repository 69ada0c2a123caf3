"""Samples of about one length together, so that batches hold little padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

WINDOW = 50
"""Batches whose samples are sorted by length: as many as leave each epoch its own batches."""


@dataclass(frozen=True, eq=False)
class Buckets:
    """How long each sample of a split is, and the lengths that batches come in."""

    lengths: NDArray[np.int64]
    """Steps of each sample that are no padding; all padding is behind them."""
    sizes: tuple[int, ...]
    """Steps of a batch, ascending; the last holds every sample."""

    def taken(self, rows: NDArray[np.int64]) -> Self:
        """Give those of some of the samples."""
        return type(self)(self.lengths[rows], self.sizes)

    def size(self, rows: NDArray[np.int64]) -> int:
        """Give the steps of a batch of these samples."""
        longest = int(self.lengths[rows].max(initial=0))
        return next((size for size in self.sizes if size >= longest), self.sizes[-1])

    def arranged(
        self, order: NDArray[np.int64], batch_size: int, generator: np.random.Generator | None
    ) -> NDArray[np.int64]:
        """Put samples of about one length into one batch; those batches in the generator's order.

        Without a generator the shortest come first. A last batch that is smaller stays the last.
        """
        if generator is None:
            return order[np.argsort(self.lengths[order], kind="stable")]
        window = WINDOW * batch_size
        pieces = [order[start : start + window] for start in range(0, len(order), window)]
        return np.concatenate([self._within(piece, batch_size, generator) for piece in pieces])

    def _within(
        self, piece: NDArray[np.int64], batch_size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        piece = piece[np.argsort(self.lengths[piece], kind="stable")]
        whole = len(piece) // batch_size
        batches = piece[: whole * batch_size].reshape(whole, batch_size)
        rest = piece[whole * batch_size :]
        return np.concatenate([batches[generator.permutation(whole)].reshape(-1), rest])


def bucket_sizes(lengths: NDArray[np.int64], count: int, longest: int) -> tuple[int, ...]:
    """Choose lengths of batches so that each of `count` fits about as many samples."""
    shares = np.arange(1, count) / count
    inner = np.quantile(lengths, shares, method="higher").astype(int).tolist()
    return (*sorted({max(1, size) for size in inner if size < longest}), longest)


def lengths_of(samples: NDArray[np.float32]) -> NDArray[np.int64]:
    """Count the steps of each sample [n, time, ...] up to the last that is not all zero."""
    there: NDArray[np.bool_] = (samples.reshape(*samples.shape[:2], -1) != 0).any(axis=2)
    behind = there[:, ::-1].argmax(axis=1)
    return np.where(there.any(axis=1), samples.shape[1] - behind, 0).astype(np.int64)
