"""The loop of training: a generator of events. Saving, logging and drawing stand outside."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from time import perf_counter
from typing import Any, cast

from dltrain.core.errors import NumericError
from dltrain.data.loader import Batch, Loader
from dltrain.engine.trainer import Trainer
from dltrain.training.evaluate import Scores, finite_or_none
from dltrain.training.events import EpochEnded, Progress
from dltrain.training.interrupts import Interrupts
from dltrain.training.state import Monitor, TrainingState

REPORT_SECONDS = 0.1
"""Time between two reports of progress: what an eye follows, whatever a step takes."""


@dataclass(frozen=True)
class Session:
    """What one training needs, all of it ready."""

    trainer: Trainer
    batches: Callable[[int], Loader]
    """The batches of an epoch, counted from 0."""
    validate: Callable[[], Scores] | None
    metric_names: tuple[str, ...]
    monitor: Monitor
    epochs: int
    samples: int
    state: TrainingState
    interrupts: Interrupts


def run(session: Session) -> Generator[Progress | EpochEnded, None, None]:
    """Train the epochs that are left. The state is that of the last event's epoch.

    The caller saves on `EpochEnded`, before it asks for more: a signal that comes meanwhile
    is acted on afterwards.
    """
    state = session.state
    with session.interrupts.waiting():
        while state.epoch < session.epochs:
            session.interrupts.check()
            record = yield from _train_epoch(session)
            if session.validate is not None:
                record |= validation_values(session.validate(), state.epoch + 1)
            yield _end_epoch(session, record)
        session.interrupts.check()


def _train_epoch(session: Session) -> Generator[Progress, None, dict[str, Any]]:
    """Train one epoch; give its record, validation left out."""
    trainer, interrupts = session.trainer, session.interrupts
    trainer.tally.reset()
    loader = session.batches(session.state.epoch)
    start = reported = perf_counter()
    # Closed here, so that the loader's thread ends with the epoch however that ends.
    with closing(cast(Generator[Batch, None, None], iter(loader))) as batches:
        for batch in batches:
            trainer.step(batch.x, batch.y)
            if interrupts.requested:
                interrupts.check()
            now = perf_counter()
            if now - reported >= REPORT_SECONDS:
                reported = now
                yield _progress(session, now - start)
    return _record(session, perf_counter() - start, loader.waited)


def _means(session: Session) -> dict[str, float]:
    """Give loss and metrics of the epoch so far."""
    tally = session.trainer.tally
    return {"loss": tally.loss, **dict(zip(session.metric_names, tally.metrics, strict=True))}


def _progress(session: Session, seconds: float) -> Progress:
    done = session.trainer.tally.samples
    rate = done / seconds
    return Progress(
        epoch=session.state.epoch + 1,
        step=session.trainer.steps - session.state.step,
        values=_means(session),
        samples_per_second=rate,
        seconds_left=(session.samples - done) / rate,
    )


def _record(session: Session, seconds: float, waited: float) -> dict[str, Any]:
    return {
        "epoch": session.state.epoch + 1,
        "step": session.trainer.steps,
        **{f"train_{name}": value for name, value in _means(session).items()},
        "learning_rate": session.trainer.learning_rate,
        "seconds": seconds,
        "samples_per_second": session.trainer.tally.samples / seconds,
        "data_wait": waited / seconds,
    }


def validation_values(scores: Scores, epoch: int) -> dict[str, float]:
    """Give the part of an epoch's record that validation adds; stop where training diverged."""
    if not math.isfinite(scores.loss):
        message = f"the validation loss after epoch {epoch} is not finite"
        raise NumericError(message, hint="lower optimizer.learning_rate, or look at the data")
    return {
        f"val_{name}": value for name, value in [("loss", scores.loss), *scores.metrics.items()]
    }


def _end_epoch(session: Session, record: dict[str, Any]) -> EpochEnded:
    state = session.state
    state.epoch, state.step = record["epoch"], record["step"]
    ordered = _ordered(record)
    improved = session.monitor.improves(state, ordered)
    if improved:
        state.best_epoch, state.best_value = state.epoch, ordered[session.monitor.name]
    state.history.append(ordered)
    return EpochEnded(ordered, improved)


def _ordered(record: dict[str, Any]) -> dict[str, Any]:
    """Put the values in the order of the contract, and null where JSON has no number."""
    first = [key for key in record if key in ("epoch", "step") or key.startswith("train_")]
    keys = [*first, *(key for key in record if key.startswith("val_"))]
    keys += [key for key in record if key not in keys]
    return {
        key: finite_or_none(value) if isinstance(value := record[key], float) else value
        for key in keys
    }
