"""Loss and metrics of a network over a whole split."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dltrain.data.loader import Batch
from dltrain.engine.evaluator import Evaluator


@dataclass(frozen=True)
class Scores:
    """Means over the samples of a split."""

    samples: int
    loss: float
    metrics: dict[str, float]

    def as_json(self, split: str) -> dict[str, Any]:
        """Give the form of `evaluate --json` and result.json."""
        return {
            "split": split,
            "samples": self.samples,
            "loss": self.loss,
            "metrics": self.metrics,
        }


def evaluate(
    evaluator: Evaluator, batches: Iterable[Batch], metric_names: tuple[str, ...]
) -> Scores:
    """Run every batch through the network and take the sample-weighted means."""
    evaluator.reset()
    for batch in batches:
        evaluator.add(batch.x, batch.y)
    result = evaluator.result()
    metrics = dict(zip(metric_names, map(float, result.metrics), strict=True))
    return Scores(samples=result.samples, loss=float(result.loss), metrics=metrics)
