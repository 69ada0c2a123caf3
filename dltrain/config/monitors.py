"""The values of an epoch that a checkpoint can be chosen by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dltrain.config.schema import RunConfig
from dltrain.metrics.base import Metric


def metric_names(metrics: Sequence[Metric]) -> tuple[str, ...]:
    """Name each metric by its type; the second of one type is `<type>_2`."""
    seen: Counter[str] = Counter()
    names = []
    for metric in metrics:
        seen[metric.type_name] += 1
        count = seen[metric.type_name]
        names.append(metric.type_name if count == 1 else f"{metric.type_name}_{count}")
    return tuple(names)


def monitored(config: RunConfig, *, validation: bool = True) -> list[str]:
    """Name the loss and the metrics of the splits that are measured."""
    splits = ("train", "val") if validation else ("train",)
    measured = ["loss", *metric_names(config.training.metrics)]
    return [f"{split}_{name}" for split in splits for name in measured]
