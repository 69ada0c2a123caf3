"""What a config must hold beyond the types of its values."""

from __future__ import annotations

from dltrain.config.draft import Written
from dltrain.config.monitors import monitored
from dltrain.config.parts import Found
from dltrain.config.places import Path
from dltrain.config.schema import RunConfig
from dltrain.core.suggest import nearest

_STEPS: Path = ("training", "steps")
_MONITOR: Path = ("training", "checkpoint", "monitor")


def rule_problems(written: Written, config: RunConfig | None, *, need_dataset: bool) -> Found:
    """Find a missing dataset, two lengths, and a best checkpoint chosen by what is not measured."""
    found: Found = []
    if need_dataset and written.value.get("dataset") is None and not _misspelt(written):
        hint = "add the data to learn from, such as `dataset: digits`"
        problem = written.problem(("dataset",), "`dataset` is missing", hint=hint)
        found.append((("dataset",), problem))
    if config is not None:
        found += _length(written, config)
        found += _monitor(written, config)
    return found


def _misspelt(written: Written) -> bool:
    """Tell whether a dataset is there under a name that is a problem of its own."""
    known = list(RunConfig.model_fields)
    return any(key not in known and nearest(key, known) == "dataset" for key in written.value)


def _length(written: Written, config: RunConfig) -> Found:
    settings = config.training
    if settings.epochs is None or settings.steps is None:
        return []
    message = "a training takes `epochs` or `steps`, not both"
    hint = "leave one of them out, or set it to null"
    return [(_STEPS, written.problem(_STEPS, message, hint=hint))]


def _monitor(written: Written, config: RunConfig) -> Found:
    monitor = config.training.checkpoint.monitor
    names = monitored(config)
    if monitor is None or monitor in names:
        return []
    near = nearest(monitor, names)
    problem = written.problem(
        _MONITOR,
        f"{monitor!r} is not measured in this training",
        allowed=", ".join(names),
        hint=f"did you mean `{near}`?" if near else "name it under `training.metrics`",
    )
    return [(_MONITOR, problem)]
