"""A config on its way from text to a run: what could be read, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, Unpack

from dltrain.config.places import Path, Places
from dltrain.config.report import Advice, Reporter
from dltrain.config.schema import RunConfig
from dltrain.core.errors import ConfigError, Problem
from dltrain.data.sources.base import Dataset
from dltrain.layers.base import Layer
from dltrain.losses.base import Loss


@dataclass(frozen=True)
class Written:
    """What stands in a config, as plain values, and where."""

    source: bytes
    path: FilePath | None
    value: Any = None
    places: Places = field(default_factory=Places)

    def problem(self, loc: Path, message: str, **advice: Unpack[Advice]) -> Problem:
        """Make a problem about a part of the config, with file, line and column."""
        return Reporter(RunConfig, self.value, self.places).problem(loc, message, **advice)


@dataclass(frozen=True)
class LoadedConfig:
    """A config without mistakes of form."""

    config: RunConfig
    written: Written

    @property
    def source(self) -> bytes:
        """The file, byte for byte."""
        return self.written.source

    @property
    def path(self) -> FilePath | None:
        """The file; None for a config that came from Python."""
        return self.written.path

    def problem(self, loc: Path, message: str, **advice: Unpack[Advice]) -> Problem:
        """Make a problem about a part of the config, with file, line and column."""
        return self.written.problem(loc, message, **advice)


@dataclass(frozen=True)
class Draft:
    """What could be read of a config, mistakes included.

    `layers` are those before the first that cannot be read, all of them if `complete`, so that
    their shapes can be checked beside the other mistakes.
    """

    written: Written
    problems: tuple[Problem, ...] = ()
    config: RunConfig | None = None
    dataset: Dataset | None = None
    layers: tuple[Layer, ...] = ()
    complete: bool = False
    loss: Loss | None = None

    @property
    def seed(self) -> int:
        """The seed; 0 where none can be read."""
        return 0 if self.config is None else self.config.seed

    def problem(self, loc: Path, message: str, **advice: Unpack[Advice]) -> Problem:
        """Make a problem about a part of the config, with file, line and column."""
        return self.written.problem(loc, message, **advice)

    def loaded(self) -> LoadedConfig:
        """Give the config; raise ConfigError with all problems if there are any."""
        if self.problems or self.config is None:
            raise ConfigError(in_order(self.problems))
        return LoadedConfig(self.config, self.written)


def in_order(problems: Sequence[Problem]) -> list[Problem]:
    """Sort problems as they stand in the file, those of the command line last."""
    return sorted(problems, key=lambda one: (one.line is None, one.line or 0, one.column or 0))
