"""The names under which losses and metrics are reported and watched."""

from __future__ import annotations

from dltrain.config.monitors import metric_names
from dltrain.config.schema import TrainingSettings
from dltrain.training.state import Monitor

__all__ = ["metric_names", "monitor_of"]

_SMALL_IS_GOOD = ("loss", "error", "divergence", "crossentropy", "perplexity", "bits")


def monitor_of(settings: TrainingSettings, *, validated: bool) -> Monitor:
    """Give the value that decides which epoch is the best, and its direction."""
    name = settings.checkpoint.monitor or ("val_loss" if validated else "train_loss")
    mode = settings.checkpoint.mode
    if mode == "auto":
        return Monitor(name, larger=not any(word in name for word in _SMALL_IS_GOOD))
    return Monitor(name, larger=mode == "max")
