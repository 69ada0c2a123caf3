"""What batches add up to: the loss, and what each metric counts."""

from __future__ import annotations

from collections.abc import Sequence

from dltrain.metrics.base import Metric, Total


class Tally:
    """Sums over batches, from which the means over all of them follow."""

    def __init__(self, metrics: tuple[Metric, ...]) -> None:
        """Begin with nothing."""
        self._metrics = metrics
        self.reset()

    def reset(self) -> None:
        """Forget all batches."""
        self.samples, self._labelled, self._loss = 0, 0.0, 0.0
        self._totals: list[Total] = [0.0] * len(self._metrics)

    def add(self, totals: Sequence[Total], *, labelled: float, samples: int, loss: float) -> None:
        """Add a batch: what its metrics counted, at how many positions, and its mean loss."""
        self.samples += samples
        self._labelled += labelled
        self._loss += loss * labelled
        self._totals = [before + now for before, now in zip(self._totals, totals, strict=True)]

    @property
    def loss(self) -> float:
        """The mean over all positions that have a label."""
        return self._loss / max(self._labelled, 1.0)

    @property
    def metrics(self) -> tuple[float, ...]:
        """The value of each metric over all batches."""
        count = max(self._labelled, 1.0)
        return tuple(
            metric.value(total, count)
            for metric, total in zip(self._metrics, self._totals, strict=True)
        )
