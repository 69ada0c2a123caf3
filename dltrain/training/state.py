"""Where a training stands: all that a resume needs beside the tensors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self


@dataclass
class TrainingState:
    """Changes with each line of metrics and is saved with `last.safetensors`."""

    epoch: int = 0
    """Completed epochs."""
    step: int = 0
    """Updates made."""
    history: list[dict[str, Any]] = field(default_factory=list)
    """The lines of metrics.jsonl."""
    best_epoch: int = 0
    """The epoch whose weights are kept as the best; 0 before the first."""
    best_value: float | None = None
    """The watched value of the best weights."""
    best_step: int = 0
    """The updates that made them."""
    sample: int = 0
    """Samples of the epoch under way that are used."""

    def as_json(self) -> dict[str, Any]:
        """Give the form that the checkpoint holds."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "sampler": {"epoch": self.epoch, "sample": self.sample},
            "history": self.history,
            "best": {
                "epoch": self.best_epoch,
                "step": self.best_step,
                "value": self.best_value,
            },
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
            # Trainings of older versions ended with whole epochs, and did not count these.
            best_step=saved["best"].get("step", 0),
            sample=saved["sampler"]["sample"],
        )


@dataclass(frozen=True)
class Monitor:
    """The value that decides which weights are the best."""

    name: str
    """A key of metrics.jsonl, such as val_loss."""
    larger: bool
    """Whether large values are good."""

    def improves(self, state: TrainingState, record: dict[str, Any]) -> bool:
        """Tell whether a line is better than the best so far; of equal ones the first stays."""
        value = record[self.name]
        if state.best_value is None:
            return True
        if value is None:
            return False
        return bool(value > state.best_value if self.larger else value < state.best_value)
