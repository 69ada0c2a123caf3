"""Where a training stands, in words: in epochs, or in steps where it is as long as those say."""

from __future__ import annotations

from dltrain.training import events


def counts_steps(plan: events.TrainingStarted | None) -> bool:
    """Tell whether a training's length is a number of steps."""
    return plan is not None and plan.epochs is None


def place(plan: events.TrainingStarted | None, epoch: int, step: int) -> str:
    """Write where a training stands: epoch 2/5, or step 300/2000."""
    if plan is None:
        return f"epoch {epoch}"
    return f"epoch {epoch}/{plan.epochs}" if plan.epochs else f"step {step}/{plan.steps}"


def behind(event: events.FolderOpened) -> str:
    """Write what a resumed training goes on after."""
    return f"epoch {event.epoch}" if event.whole else f"step {event.step}"
