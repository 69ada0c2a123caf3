"""Short series of one length: standardized, and the shorter ones padded at their ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.core.shapes import Shape
from dltrain.data.encoders.base import Encoder, Lines
from dltrain.data.series_files import OneSeries, read_series


class LabelledSeries(Encoder):
    """How series become samples [length, channels]."""

    length: int
    """Steps of a sample."""
    cuts: bool = False
    """Whether longer series lose what is behind; else they are refused."""
    means: tuple[float, ...]
    """What is taken from each channel."""
    deviations: tuple[float, ...]
    """What it is then divided by."""
    padding: float = 0.0
    """What stands in all channels behind the end of a shorter series."""
    encoding: str = "utf-8"
    """How characters are written as bytes."""

    @property
    def shape(self) -> Shape:
        """Steps, and the channels of each."""
        return self.length, len(self.means)

    def records(self, lines: Lines) -> Iterator[tuple[str, Any | DataError]]:
        """Give each series of a file, with its line."""
        for place, found in read_series(lines, self.encoding):
            yield place, found.steps if isinstance(found, OneSeries) else found

    def encode(self, records: Sequence[Any]) -> NDArray[np.float32]:
        """Give the samples of series [steps, channels]; vectors are series of one channel."""
        samples = np.full((len(records), *self.shape), self.padding, np.float32)
        for sample, record in zip(samples, records, strict=True):
            steps = self._checked(np.asarray(record, np.float64))
            sample[: len(steps)] = (steps - self.means) / self.deviations
        return samples

    def _checked(self, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        steps = steps[:, np.newaxis] if steps.ndim == 1 else steps
        channels = len(self.means)
        if steps.ndim != 2 or steps.shape[1] != channels or not np.isfinite(steps).all():
            found = f"{steps.shape[1]}" if steps.ndim == 2 else "none"
            raise DataError(f"a series of {channels} channels of numbers is wanted, not of {found}")
        if len(steps) > self.length and not self.cuts:
            raise DataError(
                f"the series has {len(steps)} steps, more than {self.length}",
                hint="a data set with a `length` cuts longer ones",
            )
        return steps[: self.length]
