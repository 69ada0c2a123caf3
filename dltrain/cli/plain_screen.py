"""The screen of pipes, logs and batch systems: plain lines, no control characters."""

from __future__ import annotations

import sys
from time import monotonic

from dltrain.cli.progress import behind, counts_steps, place
from dltrain.cli.wording import clock, counted, number, rate
from dltrain.training import events
from dltrain.training.events import Event

INTERVAL = 10.0
"""Seconds between two lines within an epoch."""
COMPILING_SHOWS = 1.0
"""Seconds of compiling that pass unmentioned: reading kernels from the cache takes less."""


class PlainScreen:
    """Writes a line for each line of metrics, and one per interval in between."""

    def __init__(self) -> None:
        """Begin the first interval."""
        self._plan: events.TrainingStarted | None = None
        self._said = monotonic()
        self._compiling: float | None = None

    def __call__(self, event: Event) -> None:
        """Show one event."""
        match event:
            case events.FolderOpened():
                after = f" (going on after {behind(event)})" if event.step else ""
                self._say(f"run folder {event.path}{after}")
            case events.Notice():
                self._say(f"warning: {event.text}" if event.warning else event.text)
            case events.Compiling():
                self._compile(event)
            case events.TrainingStarted():
                self._plan = event
                self._say(started_text(event))
            case events.Progress():
                if monotonic() - self._said >= INTERVAL:
                    self._say(self._progress_text(event))
            case events.EpochEnded():
                self._say(self._epoch_text(event))
            case events.Finished():
                self._say(f"run folder {event.folder}{' was finished' if event.already else ''}")

    def close(self) -> None:
        """Have nothing to do."""

    def _say(self, text: str) -> None:
        self._said = monotonic()
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def _compile(self, event: events.Compiling) -> None:
        now = monotonic()
        if event.done >= event.total:
            self._compiling = None
        elif self._compiling is None:
            self._compiling = now
            self._said = now - INTERVAL
        elif now - self._compiling > COMPILING_SHOWS and now - self._said >= INTERVAL / 2:
            self._say(f"compiling kernels (first run only) {event.done}/{event.total}")

    def _progress_text(self, event: events.Progress) -> str:
        values = "  ".join(f"{name} {number(value)}" for name, value in event.values.items())
        step = "" if counts_steps(self._plan) else f"step {event.step}  "
        return (
            f"{place(self._plan, event.epoch, event.step)}  {step}{values}  "
            f"{rate(event.samples_per_second)}  {clock(event.seconds_left)} left"
        )

    def _epoch_text(self, event: events.EpochEnded) -> str:
        record = event.record
        values = "  ".join(
            f"{name.removeprefix('train_')} {number(value)}"
            for name, value in record.items()
            if name.startswith(("train_", "val_"))
        )
        return (
            f"{place(self._plan, record['epoch'], record['step'])}  {values}  "
            f"{rate(record['samples_per_second'])}  data wait {record['data_wait']:.1%}  "
            f"{clock(record['seconds'])}{'  best' if event.improved else ''}"
        )


def started_text(event: events.TrainingStarted) -> str:
    """Say what begins."""
    if event.epochs is None:
        length = f"{counted(event.steps, 'step')} of {event.steps_per_epoch:,} an epoch"
    else:
        length = f"{counted(event.epochs, 'epoch')} of {counted(event.steps_per_epoch, 'step')}"
    validation = f", validated on {event.validation_samples:,}" if event.validation_samples else ""
    return (
        f"training {counted(event.parameters, 'parameter')} on "
        f"{counted(event.samples, 'sample')}{validation}: "
        f"{length}, batch {event.batch_size}, {counted(event.threads, 'thread')}"
    )
