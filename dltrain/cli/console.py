"""Progress on standard error: alive on a terminal, plain lines elsewhere, nothing with `-q`."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

from dltrain.cli import verbosity

if TYPE_CHECKING:
    from dltrain.training.events import Event


class Screen(Protocol):
    """Shows the events of a training."""

    def __call__(self, event: Event) -> None:
        """Show one event."""

    def close(self) -> None:
        """Leave the terminal as it was."""


@contextmanager
def screen() -> Iterator[Screen]:
    """Choose the screen that suits standard error; warnings become lines on it too."""
    chosen = _choose()
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            yield chosen
        finally:
            chosen.close()


def is_terminal() -> bool:
    """Tell whether standard error can be drawn on."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _choose() -> Screen:
    if verbosity.quiet():
        from dltrain.cli.quiet_screen import QuietScreen

        return QuietScreen()
    if is_terminal():
        from dltrain.cli.live_screen import LiveScreen

        return LiveScreen()
    from dltrain.cli.plain_screen import PlainScreen

    return PlainScreen()


def _show_warning(
    message: Warning | str,
    category: type[Warning],  # noqa: ARG001 - the signature is Python's
    filename: str,  # noqa: ARG001
    lineno: int,  # noqa: ARG001
    file: TextIO | None = None,
    line: str | None = None,  # noqa: ARG001
) -> None:
    (file or sys.stderr).write(f"warning: {message}\n")
