"""What a config says: the dataset, the model, the optimizer and how to train."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from dltrain.core.component import Component
from dltrain.core.fields import RUN_NAME, PositiveInteger, Text
from dltrain.core.lowering import Precision
from dltrain.data.sources.base import Dataset
from dltrain.losses.base import Loss
from dltrain.metrics.base import Metric
from dltrain.models.base import Model
from dltrain.optimizers.base import Optimizer


class Checkpoint(Component):
    """Which weights are kept as the best, of those that end an epoch or are validated."""

    monitor: Text | None = None
    """The value to watch, as val_accuracy; default: val_loss, without validation train_loss."""
    mode: Literal["auto", "min", "max"] = "auto"
    """Whether small or large is good; auto: losses and errors small, all else large."""


class TrainingSettings(Component):
    """How to train."""

    loss: Loss
    """What training makes small."""
    metrics: tuple[Metric, ...] = ()
    """What is reported beside the loss."""
    epochs: PositiveInteger | None = None
    """Times that every sample is used; default: 1 where there are no `steps`."""
    steps: PositiveInteger | None = None
    """Updates of the whole training, instead of `epochs`; it may end within an epoch."""
    validate_every: PositiveInteger | None = None
    """Updates between two validations, each of which gives a line of metrics and is saved; default:
    those of an epoch."""
    batch_size: PositiveInteger = 32
    """Samples per update."""
    precision: Precision = "float32"
    """What factors of matrix products and convolutions are rounded to in training; their sums,
    weights and everything else stay float32. bfloat16 is faster, and needs a CPU with AVX512-BF16.
    """
    threads: PositiveInteger | Literal["auto"] = "auto"
    """Threads that compute; auto honours CPU affinity and the limits of a container."""
    checkpoint: Checkpoint = Checkpoint()
    """Which weights are the best."""

    @model_validator(mode="before")
    @classmethod
    def _one_epoch(cls, fields: Any) -> Any:
        """Take one epoch where nothing says how long to train."""
        if not isinstance(fields, Mapping) or fields.get("steps") is not None:
            return fields
        return {**fields, "epochs": 1} if fields.get("epochs") is None else fields


class RunConfig(Component):
    """A whole config."""

    version: Literal[1] = 1
    """The version of this format."""
    name: Annotated[str, Field(strict=True, pattern=RUN_NAME)] | None = None
    """Name of the run's folder under runs/; default: the file's name without its suffix."""
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**53)] = 0
    """Seed of everything random."""
    dataset: Dataset | None = None
    """The data; needed by everything but `dltrain.build`."""
    model: Model
    """The network: a list of layers, or a preset."""
    optimizer: Optimizer
    """The rule of update."""
    training: TrainingSettings
    """How to train."""
