"""Windows of a text that lie elsewhere in each epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dltrain.core.seeds import stream
from dltrain.core.shapes import Shape
from dltrain.data.buckets import Buckets
from dltrain.data.samples import StoredSamples
from dltrain.data.stores import ArrayStore, apply


@dataclass(frozen=True, eq=False)
class MovedWindows:
    """Windows side by side, which training sees moved on by a number of tokens.

    The number is below a window's length and the same for all windows of an epoch; the last window
    stays where it would go beyond the end. Without `augment` they are where they are stored.
    """

    stored: StoredSamples
    """Windows in the order of the text; their targets are the tokens behind theirs."""

    @property
    def shape(self) -> Shape:
        """The shape of one sample, as the network sees it."""
        return self.stored.shape

    @property
    def targets(self) -> NDArray[Any]:
        """Labels (n, length), as they are stored."""
        return self.stored.targets

    @property
    def target_shape(self) -> Shape:
        """The shape of one target, as the network is compared with it."""
        return self.stored.target_shape

    @property
    def buckets(self) -> Buckets | None:
        """Tell nothing: all windows have one length."""
        return None

    def __len__(self) -> int:
        """Count the windows."""
        return len(self.stored)

    def gather(
        self,
        indices: NDArray[np.int64],
        out: NDArray[np.float32],
        *,
        augment: tuple[int, int] | None = None,
    ) -> None:
        """Write windows into `out` [n, length]; any thread may do so."""
        if augment is None:
            self.stored.gather(indices, out)
            return
        tokens = cast(ArrayStore, self.stored.store).array.reshape(-1)
        first = 0 if self.stored.rows is None else self.stored.rows[0] * self.shape[0]
        x = tokens[first + self._places(indices, augment)]
        out[...] = apply(self.stored.transforms, x.astype(np.float32))

    def gather_targets(
        self,
        indices: NDArray[np.int64],
        out: NDArray[Any],
        *,
        augment: tuple[int, int] | None = None,
    ) -> None:
        """Write the targets of windows into `out` [n, length]."""
        if augment is None:
            self.stored.gather_targets(indices, out)
            return
        out[...] = self.targets.reshape(-1)[self._places(indices, augment)]

    def _places(self, indices: NDArray[np.int64], augment: tuple[int, int]) -> NDArray[np.int64]:
        """Give the places of the tokens [n, length] in the text."""
        length, (seed, epoch) = self.shape[0], augment
        moved = int(stream(seed, "windows", epoch).integers(length))
        starts = np.minimum(indices * length + moved, (len(self) - 1) * length)
        return starts[:, np.newaxis] + np.arange(length)
