"""A trained network, ready to tell of images and records: what `dltrain.load` gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.config.schema import RunConfig
from dltrain.core.errors import DataError
from dltrain.core.shapes import Shape
from dltrain.data.preprocess import Preprocessor
from dltrain.engine.network import Network
from dltrain.engine.predictor import Predictor
from dltrain.engine.restore import restore
from dltrain.inference.items import records_of
from dltrain.storage.checkpoint import Checkpoint

BATCH = 64
"""Samples that are run at once where nobody says otherwise."""

Images = NDArray[Any] | Sequence[str | Path] | str | Path
"""An array, or files."""
Records = Sequence[Any]
"""What the lines of a file hold, such as `[{"length": 5.1, "colour": "red"}]`."""
OnCompile = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Model:
    """A network with the preprocessing and the class names that it was trained with."""

    path: Path
    """The checkpoint's file."""
    config: RunConfig = field(repr=False)
    """The config that it was trained with."""
    network: Network = field(repr=False)
    class_names: tuple[str, ...] | None
    """What the outputs stand for; None where they are not classes."""
    input_shape: Shape
    """The shape of one sample as the network takes it."""
    checkpoint: Checkpoint = field(repr=False)
    """All that the file says."""
    batch_size: int = BATCH
    threads: int | None = None
    on_compile: OnCompile | None = field(default=None, repr=False)

    @cached_property
    def preprocessor(self) -> Preprocessor:
        """What turns images into the network's input."""
        return Preprocessor(self.checkpoint.preprocessing, self.input_shape)

    @cached_property
    def predictor(self) -> Predictor:
        """The compiled forward pass."""
        return Predictor(
            self.network,
            batch_size=self.batch_size,
            threads=self.threads,
            on_compile=self.on_compile,
        )

    def predict(self, images: Images | Records) -> NDArray[np.float32]:
        """Give probabilities [n, classes] for an array of images, for files, or for records.

        Arrays are prepared as in training: uint8 is divided by 255, floats are taken as they are.
        A network trained on texts takes them, or their files as `Path`; one trained on tables takes
        their files, each with many rows, or rows as mappings;
        numbers that it tells are in the units of the data.
        Raises: DataError where a file or record cannot be read or a shape is another.
        """
        self.predictor.refresh()  # parameters may have been written to
        if isinstance(images, np.ndarray):
            return self.decoded(self.predictor(self.preprocessor.from_array(images)))
        asked: list[Any] = [images] if isinstance(images, str | Path) else list(images)
        if self.preprocessor.encoder is not None:
            asked = records_of(self.preprocessor.encoder, asked)
        parts = [self.predictor(self._batch(chunk)) for chunk in _chunks(asked, self.batch_size)]
        empty = np.empty((0, *self.network.output_shape), np.float32)
        return self.decoded(np.concatenate([empty, *parts]))

    def decoded(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give what the network tells in the units of the data."""
        encoder = self.preprocessor.encoder
        return outputs if encoder is None else encoder.decode(outputs)

    def _batch(self, asked: list[Any]) -> NDArray[np.float32]:
        if self.preprocessor.encoder is not None:
            return self.preprocessor.from_records(asked)
        return np.stack([self._sample(path) for path in asked])

    def _sample(self, path: str | Path) -> NDArray[np.float32]:
        if not isinstance(path, str | Path):
            message = f"an array or paths are wanted, not a list of {type(path).__name__}"
            raise DataError(message, hint="put arrays of one size together with numpy.stack")
        return self.preprocessor.from_path(Path(path))


def load(
    path: str | Path,
    *,
    batch_size: int = BATCH,
    threads: int | None = None,
    on_compile: OnCompile | None = None,
) -> Model:
    """Load a checkpoint file, a run folder (its best), or `FOLDER@last`.

    Raises: UsageError where there is none; StorageError where it is damaged, foreign or newer.
    """
    restored = restore(path, threads=threads)
    return Model(
        path=restored.path,
        config=restored.config,
        network=restored.network,
        class_names=restored.saved.class_names,
        input_shape=restored.saved.input_shape,
        checkpoint=restored.saved,
        batch_size=batch_size,
        threads=threads,
        on_compile=on_compile,
    )


def _chunks(paths: list[Any], size: int) -> Iterable[list[Any]]:
    return (paths[start : start + size] for start in range(0, len(paths), size))
