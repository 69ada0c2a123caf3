"""Where a training stands: all that a resume needs beside the tensors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self


@dataclass
class TrainingState:
    """Changes after each epoch and is saved with `last.safetensors`."""

    epoch: int = 0
    """Completed epochs."""
    step: int = 0
    """Updates made."""
    history: list[dict[str, Any]] = field(default_factory=list)
    """The lines of metrics.jsonl."""
    best_epoch: int = 0
    """The epoch whose weights are kept as the best; 0 before the first."""
    best_value: float | None = None
    """The watched value of that epoch."""

    def as_json(self) -> dict[str, Any]:
        """Give the form that the checkpoint holds. A new epoch begins at its first sample."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "sampler": {"epoch": self.epoch, "sample": 0},
            "history": self.history,
            "best": {"epoch": self.best_epoch, "value": self.best_value},
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Self:
        """Read what `as_json` gave."""
        return cls(
            epoch=saved["epoch"],
            step=saved["step"],
            history=[dict(record) for record in saved["history"]],
            best_epoch=saved["best"]["epoch"],
            best_value=saved["best"]["value"],
        )


@dataclass(frozen=True)
class Monitor:
    """The value that decides which epoch is the best."""

    name: str
    """A key of metrics.jsonl, such as val_loss."""
    larger: bool
    """Whether large values are good."""

    def improves(self, state: TrainingState, record: dict[str, Any]) -> bool:
        """Tell whether an epoch is better than the best so far; of equal ones the first stays."""
        value = record[self.name]
        if state.best_value is None:
            return True
        if value is None:
            return False
        return bool(value > state.best_value if self.larger else value < state.best_value)
