"""What a training tells whoever watches: facts, not texts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class FolderOpened:
    """The run has a folder; training begins after `step` steps: `epoch` epochs if `whole`."""

    path: Path
    epoch: int
    step: int
    whole: bool = True


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
    """All is ready for the first step; `epochs` is None where the training counts in steps."""

    epochs: int | None
    steps: int
    epoch: int
    steps_per_epoch: int
    batch_size: int
    samples: int
    validation_samples: int
    parameters: int
    threads: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Where training stands, a few times per second; values are means since the last line.

    `step` of `steps` and `seconds_left` are those of the epoch, and of the whole training where it
    counts in steps.
    """

    epoch: int
    step: int
    steps: int
    values: dict[str, float]
    samples_per_second: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class EpochEnded:
    """An epoch is done, or the steps up to a validation; `record` is a line of metrics.jsonl."""

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
