"""A network as a checkpoint holds it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dltrain.config.loader import load_dict
from dltrain.config.schema import RunConfig
from dltrain.core.errors import ConfigError, DataError, ShapeError, StorageError
from dltrain.core.inputs import NOTHING_KNOWN, InputFacts
from dltrain.data.encoders.base import restored
from dltrain.engine.network import Network
from dltrain.storage import checkpoint
from dltrain.storage.checkpoint import Checkpoint
from dltrain.storage.locate import locate
from dltrain.storage.tensors import fill


@dataclass(frozen=True)
class Restored:
    """A checkpoint read, and its network built with its weights."""

    path: Path
    saved: Checkpoint
    config: RunConfig
    network: Network


def inputs_of(saved: Checkpoint) -> InputFacts:
    """Tell what a checkpoint's data set told of the numbers of its samples."""
    encoder = restored(saved.preprocessing)
    return NOTHING_KNOWN if encoder is None else encoder.inputs


def restore(path: str | Path, *, threads: int | None = None) -> Restored:
    """Read a checkpoint file, a run folder's best, or `FOLDER@last`, and build its network.

    Raises: UsageError where there is none; StorageError where it is damaged, foreign or newer.
    """
    file = locate(path)
    saved = checkpoint.load(file)
    try:
        config = load_dict(saved.config, dataset=False).config
        network = Network.build(
            config.model.expand(),
            input_shape=saved.input_shape,
            classes=saved.classes,
            facts=inputs_of(saved),
            seed=config.seed,
            threads=threads,
        )
    except (ConfigError, DataError, ShapeError) as error:
        message = f"the network of this checkpoint cannot be built: {error.message}"
        hint = f"it was written by dltrain {saved.dltrain_version}"
        raise StorageError(message, at=str(file), hint=hint) from error
    fill({**network.parameters, **network.state}, saved.tensors, at=str(file))
    return Restored(file, saved, config, network)
