"""How much a command tells: `-q` warnings and errors alone, `-v` the reasons too."""

from __future__ import annotations

from contextvars import ContextVar

_LEVEL: ContextVar[int] = ContextVar("verbosity", default=0)


def change(by: int) -> None:
    """Add to the level: -1 for each `-q`, 1 for each `-v`."""
    _LEVEL.set(_LEVEL.get() + by)


def reset() -> None:
    """Go back to the level without options."""
    _LEVEL.set(0)


def quiet() -> bool:
    """Tell whether progress is to be left out."""
    return _LEVEL.get() < 0


def verbose() -> bool:
    """Tell whether to explain more."""
    return _LEVEL.get() > 0
