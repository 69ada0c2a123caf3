"""The loop of training: a generator of events. Saving, logging and drawing stand outside."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from time import perf_counter
from typing import Any, cast

from dltrain.core.errors import NumericError
from dltrain.data.loader import Batch
from dltrain.engine.trainer import Trainer
from dltrain.training.evaluate import Scores, finite_or_none
from dltrain.training.events import EpochEnded, Progress
from dltrain.training.interrupts import Interrupts
from dltrain.training.plan import Batches, Plan, Stretch
from dltrain.training.state import Monitor, TrainingState

REPORT_SECONDS = 0.1
"""Time between two reports of progress: what an eye follows, whatever a step takes."""


@dataclass(frozen=True)
class Session:
    """What one training needs, all of it ready."""

    trainer: Trainer
    batches: Batches
    validate: Callable[[], Scores] | None
    metric_names: tuple[str, ...]
    monitor: Monitor
    plan: Plan
    state: TrainingState
    interrupts: Interrupts


def run(session: Session) -> Generator[Progress | EpochEnded, None, None]:
    """Train the steps that are left. The state is that of the last line of metrics.

    The caller saves on `EpochEnded`, before it asks for more: a signal that comes meanwhile
    is acted on afterwards.
    """
    state = session.state
    with session.interrupts.waiting():
        while session.plan.left(state):
            session.interrupts.check()
            stretch = session.plan.stretch(state)
            record = yield from _train(session, stretch)
            if session.validate is not None:
                record |= validation_values(session.validate(), record["epoch"])
            stretch.move(state)
            yield _ended(session, record)
        session.interrupts.check()


def _train(session: Session, stretch: Stretch) -> Generator[Progress, None, dict[str, Any]]:
    """Train up to the next line of metrics; give that line, validation left out."""
    trainer, interrupts = session.trainer, session.interrupts
    trainer.tally.reset()
    start = reported = perf_counter()
    # Closed here, so that the loader's thread ends with the stretch however that ends.
    batches = cast(Generator[Batch, None, None], stretch.batches(session.batches))
    with closing(batches):
        for batch in batches:
            trainer.step(batch.x, batch.y)
            if interrupts.requested:
                interrupts.check()
            now = perf_counter()
            if now - reported >= REPORT_SECONDS:
                reported = now
                yield _progress(session, stretch, now - start)
    return _record(session, stretch, perf_counter() - start)


def _means(session: Session) -> dict[str, float]:
    """Give loss and metrics since the last line."""
    tally = session.trainer.tally
    return {"loss": tally.loss, **dict(zip(session.metric_names, tally.metrics, strict=True))}


def _progress(session: Session, stretch: Stretch, seconds: float) -> Progress:
    plan, done = session.plan, session.trainer.steps - session.state.step
    # The last step of an epoch still belongs to it.
    epoch, batch = stretch.place(done - 1)
    if plan.settings.epochs is None:
        step, steps = session.trainer.steps, plan.steps
    else:
        step, steps = batch + 1, plan.steps_per_epoch
    return Progress(
        epoch=epoch + 1,
        step=step,
        steps=steps,
        values=_means(session),
        samples_per_second=session.trainer.tally.samples / seconds,
        seconds_left=(steps - step) * seconds / done,
    )


def _record(session: Session, stretch: Stretch, seconds: float) -> dict[str, Any]:
    epoch, _ = stretch.place(stretch.steps - 1)
    return {
        "epoch": epoch + 1,
        "step": session.trainer.steps,
        **{f"train_{name}": value for name, value in _means(session).items()},
        "learning_rate": session.trainer.learning_rate,
        "seconds": seconds,
        "samples_per_second": session.trainer.tally.samples / seconds,
        "data_wait": stretch.waited / seconds,
    }


def validation_values(scores: Scores, epoch: int) -> dict[str, float]:
    """Give the part of a line of metrics that validation adds; stop where training diverged."""
    if not math.isfinite(scores.loss):
        message = f"the validation loss after epoch {epoch} is not finite"
        raise NumericError(message, hint="lower optimizer.learning_rate, or look at the data")
    return {
        f"val_{name}": value for name, value in [("loss", scores.loss), *scores.metrics.items()]
    }


def _ended(session: Session, record: dict[str, Any]) -> EpochEnded:
    state = session.state
    state.step = record["step"]
    ordered = _ordered(record)
    improved = session.monitor.improves(state, ordered)
    if improved:
        state.best_epoch, state.best_step = record["epoch"], record["step"]
        state.best_value = ordered[session.monitor.name]
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
