"""The names under which losses and metrics are reported and watched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dltrain.config.schema import TrainingSettings
from dltrain.metrics.base import Metric
from dltrain.training.state import Monitor

_SMALL_IS_GOOD = ("loss", "error", "divergence", "crossentropy")


def metric_names(metrics: Sequence[Metric]) -> tuple[str, ...]:
    """Name each metric by its type; the second of one type is `<type>_2`."""
    seen: Counter[str] = Counter()
    names = []
    for metric in metrics:
        seen[metric.type_name] += 1
        count = seen[metric.type_name]
        names.append(metric.type_name if count == 1 else f"{metric.type_name}_{count}")
    return tuple(names)


def monitor_of(settings: TrainingSettings, *, validated: bool) -> Monitor:
    """Give the value that decides which epoch is the best, and its direction."""
    name = settings.checkpoint.monitor or ("val_loss" if validated else "train_loss")
    mode = settings.checkpoint.mode
    if mode == "auto":
        return Monitor(name, larger=not any(word in name for word in _SMALL_IS_GOOD))
    return Monitor(name, larger=mode == "max")
