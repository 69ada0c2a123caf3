"""Files of short series, one a line: aeon's .ts, and UCR's texts with the label first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.data.class_names import class_name
from dltrain.data.columns import MISSING, is_missing, number_of
from dltrain.data.delimited import decoded
from dltrain.data.encoders.base import Lines


@dataclass(frozen=True, eq=False)
class OneSeries:
    """A series, and its class where that is known."""

    steps: NDArray[np.float64]
    """[steps, channels]."""
    label: str | None


Found = OneSeries | DataError


def read_series(lines: Lines, encoding: str = "utf-8") -> Iterator[tuple[str, Found]]:
    """Give each series of a file, or what is wrong with it, with its place.

    Raises: DataError where the file is none of series.
    """
    text = decoded(lines, encoding)
    if Path(lines.name).suffix.lower() == ".ts":
        return _of_ts(text, lines.name)
    return _of_rows(text, lines.name)


def _of_ts(text: str, name: str) -> Iterator[tuple[str, Found]]:
    """Read channels apart by colons, values by commas, the class behind the last colon."""
    said: dict[str, str] = {}
    rows = enumerate(text.splitlines(), 1)
    for _, line in rows:
        word, _, rest = line.strip().partition(" ")
        said[word.lower()] = rest.strip().lower()
        if word.lower() == "@data":
            break
    else:
        raise DataError("the file has no line `@data`", at=name, hint="is it a .ts file?")
    if said.get("@timestamps") == "true":
        raise DataError("series with time stamps cannot be read", at=name, hint="leave them out")
    labelled = said.get("@classlabel", "").startswith("true")
    for number, line in rows:
        if line.strip() and not line.startswith("#"):
            place = f"{name}:{number}"
            channels = line.strip().split(":")
            label = class_name(channels.pop().strip()) if labelled and len(channels) > 1 else None
            yield place, _series([channel.split(",") for channel in channels], label, place)


def _of_rows(text: str, name: str) -> Iterator[tuple[str, Found]]:
    """Read a class and values in each row, between tabs, blanks or commas."""
    for number, line in enumerate(text.splitlines(), 1):
        values = line.replace(",", " ").split()
        if not values:
            continue
        # Series of other lengths end in NaN.
        while len(values) > 1 and is_missing(values[-1], MISSING):
            values.pop()
        place = f"{name}:{number}"
        yield place, _series([values[1:]], class_name(values[0]), place)


def _series(channels: Sequence[Sequence[str]], label: str | None, place: str) -> Found:
    lengths = {len(channel) for channel in channels}
    if len(lengths) > 1:
        listed = ", ".join(str(len(channel)) for channel in channels)
        return DataError(f"the channels have different numbers of steps: {listed}", at=place)
    if lengths in ({0}, set()):
        return DataError("the series has no steps", at=place)
    steps = np.empty((len(channels[0]), len(channels)))
    for column, channel in enumerate(channels):
        for step, value in enumerate(channel):
            number = number_of(value)
            if number is None:
                what = f"step {step + 1} of channel {column + 1}: {value.strip()!r}"
                return DataError(f"{what} is no finite number", at=place)
            steps[step, column] = number
    return OneSeries(steps, label)
