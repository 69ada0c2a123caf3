"""Every error a user can meet, each with the exit code it ends the process with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Problem:
    """One mistake in a config: what is wrong, where, what is allowed, what to do next."""

    message: str
    path: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None
    allowed: str | None = None
    hint: str | None = None
    history: str | None = None

    def as_dict(self) -> dict[str, object]:
        """Give the fields of `dltrain validate --json`, unknown ones as null."""
        return asdict(self)

    def render(self) -> str:
        """Lay the problem out as the lines that a person reads."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        # `--set training.epochs` says the path itself.
        path = "" if place.endswith(f" {self.path}") else self.path
        where = "  ".join(part for part in (place, path) if part)
        rows = {
            "at": where,
            "history": self.history,
            "allowed": self.allowed,
            "try": self.hint,
        }
        lines = [f"  {label:<8} {text}" for label, text in rows.items() if text]
        return "\n".join([f"error: {self.message}", *lines])


class DltrainError(Exception):
    """The base of all errors that dltrain raises on purpose."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, at: str | None = None, hint: str | None = None) -> None:
        """Keep what is wrong, the file or value it concerns, and what to do next."""
        super().__init__(message)
        self.message = message
        self.at = at
        self.hint = hint

    def render(self) -> str:
        """Lay the error out as the lines that a person reads."""
        rows = {"at": self.at, "try": self.hint}
        lines = [f"  {label:<8} {text}" for label, text in rows.items() if text]
        return "\n".join([f"error: {self.message}", *lines])

    def __str__(self) -> str:
        """Show the message and its place, for Python callers."""
        return self.render().removeprefix("error: ")


class UsageError(DltrainError):
    """A command line that cannot be carried out."""

    exit_code = 2


class ConfigError(DltrainError):
    """A config that cannot be carried out, with all of its problems."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep the problems, in the order of the file."""
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.message for problem in self.problems))

    def render(self) -> str:
        """Lay all problems out, a blank line between them."""
        return "\n\n".join(problem.render() for problem in self.problems)


class ShapeError(DltrainError):
    """A layer that cannot take the shape it is given; the config names its place."""

    exit_code = 2

    def __init__(
        self, message: str, *, field: str | None = None, at: str | None = None,
        hint: str | None = None, history: str | None = None, missing: str | None = None,
    ) -> None:  # fmt: skip
        """Keep the message, the field of the layer at fault and the shapes that led there.

        `missing` is what a layer takes from the data set, such as `tokens`, that is not known.
        """
        super().__init__(message, at=at, hint=hint)
        self.field, self.missing = field, missing
        self.history = history
        self.loc: tuple[str | int, ...] = ()


class DataError(DltrainError):
    """Data that is missing, unreadable or wrong."""

    exit_code = 3


class NumericError(DltrainError):
    """A loss, gradient or output that is not finite."""

    exit_code = 4


class StorageError(DltrainError):
    """A checkpoint or folder that cannot be read or written."""

    exit_code = 5


class ThresholdError(DltrainError):
    """A result below what `--fail-under` asks for."""

    exit_code = 6


class MissingExtraError(UsageError):
    """A feature whose optional packages are not installed."""
