"""What a training tells whoever watches: facts, not texts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class FolderOpened:
    """The run has a folder; training begins after `epoch` epochs."""

    path: Path
    epoch: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person should know, such as a download; `warning` when it may be wrong."""

    text: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Compiling:
    """A kernel is being compiled, as happens in the first run only."""

    done: int
    total: int
    name: str


@dataclass(frozen=True, slots=True)
class TrainingStarted:
    """All is ready for the first step."""

    epochs: int
    epoch: int
    steps_per_epoch: int
    batch_size: int
    samples: int
    validation_samples: int
    parameters: int
    threads: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an epoch stands, a few times per second; values are means over the epoch so far."""

    epoch: int
    step: int
    values: dict[str, float]
    samples_per_second: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class EpochEnded:
    """An epoch is trained and validated; `record` is its line of metrics.jsonl."""

    record: dict[str, Any]
    improved: bool


@dataclass(frozen=True, slots=True)
class Finished:
    """The run is complete; `result` is its result.json."""

    folder: Path
    result: dict[str, Any]
    already: bool = False


Event = (
    FolderOpened | Notice | Compiling | TrainingStarted | Progress | EpochEnded | Finished
)  # fmt: skip
