"""How long a training is, and where its lines of metrics end."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol, cast

from dltrain.config.schema import TrainingSettings
from dltrain.data.loader import Batch, Loader
from dltrain.training.state import TrainingState


class Batches(Protocol):
    """Makes the loader of a part of an epoch."""

    def __call__(self, epoch: int, *, first: int, batches: int) -> Loader:
        """Give `batches` batches of an epoch, counted from 0, from the sample `first` on."""


def is_over(settings: TrainingSettings, state: TrainingState) -> bool:
    """Tell whether a training has all the epochs or steps that it is to have."""
    if settings.epochs is not None:
        return state.epoch >= settings.epochs
    return state.step >= (settings.steps or 0)


@dataclass(frozen=True)
class Plan:
    """The steps of a training, counted."""

    settings: TrainingSettings
    samples: int
    """Samples to train on."""

    @property
    def batch_size(self) -> int:
        """Samples of a whole batch."""
        return min(self.settings.batch_size, self.samples)

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch, the last and smaller one included."""
        return -(-self.samples // self.batch_size)

    @property
    def steps(self) -> int:
        """Steps of the whole training, if it has not stopped before on other data."""
        return self.settings.steps or (self.settings.epochs or 0) * self.steps_per_epoch

    def left(self, state: TrainingState) -> int:
        """Count the steps to the end of the training."""
        if self.settings.epochs is None:
            return max(0, self.steps - state.step)
        epoch, batch = self._place(state)
        return max(0, (self.settings.epochs - epoch) * self.steps_per_epoch - batch)

    def stretch(self, state: TrainingState) -> Stretch:
        """Give the steps up to the next line of metrics."""
        epoch, batch = self._place(state)
        every = self.settings.validate_every
        wanted = every - state.step % every if every else self.steps_per_epoch - batch
        return Stretch(self, epoch, batch, min(wanted, self.left(state)))

    def _place(self, state: TrainingState) -> tuple[int, int]:
        """Give the epoch under way and how many of its batches are used."""
        batch = state.sample // self.batch_size
        # Only changed data can have become fewer.
        return (state.epoch, batch) if batch < self.steps_per_epoch else (state.epoch + 1, 0)


@dataclass
class Stretch:
    """Steps between two lines of metrics, over the ends of epochs where need be."""

    plan: Plan
    epoch: int
    """The epoch that it begins in, counted from 0."""
    batch: int
    """Batches of that epoch that are used."""
    steps: int
    waited: float = 0.0
    """Seconds that its consumer has waited for batches."""

    def batches(self, load: Batches) -> Iterator[Batch]:
        """Yield a batch for each step; a loader's thread ends with its part of an epoch."""
        done, size = 0, self.plan.batch_size
        while done < self.steps:
            epoch, batch = self.place(done)
            count = min(self.steps - done, self.plan.steps_per_epoch - batch)
            loader = load(epoch, first=batch * size, batches=count)
            with closing(cast(Generator[Batch, None, None], iter(loader))) as part:
                yield from part
            self.waited += loader.waited
            done += count

    def place(self, done: int) -> tuple[int, int]:
        """Give the whole epochs after `done` of the steps, and the batches beyond them."""
        further, batch = divmod(self.batch + done, self.plan.steps_per_epoch)
        return self.epoch + further, batch

    def move(self, state: TrainingState) -> None:
        """Put the sampler behind the last step."""
        state.epoch, batch = self.place(self.steps)
        state.sample = batch * self.plan.batch_size
