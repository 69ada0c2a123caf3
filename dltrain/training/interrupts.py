"""Ctrl-C and SIGTERM: at once while nothing is at stake, else after the step that is under way."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import ClassVar

from dltrain.core.errors import DltrainError


class Interrupted(DltrainError):
    """The user stopped the training; the run can go on."""

    exit_code = 130
    word: ClassVar[str] = "interrupted"

    def render(self) -> str:
        """Lay it out without the word error: nothing went wrong."""
        return super().render().removeprefix("error: ")


class Terminated(Interrupted):
    """The system asked the training to end."""

    exit_code = 143
    word: ClassVar[str] = "terminated"


_KINDS: dict[int, type[Interrupted]] = {
    signal.SIGINT: Interrupted,
    signal.SIGTERM: Terminated,
}


class Interrupts:
    """Turns signals into `Interrupted`. `hint` says how to go on, once there is a checkpoint."""

    def __init__(self) -> None:
        """Begin with nothing to lose: a signal ends the run at once."""
        self.hint: str | None = None
        self.requested = 0
        self._waiting = False

    def check(self) -> None:
        """Raise what was asked for since the last check."""
        if self.requested:
            raise self._error(self.requested)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Hold signals back until `check`; a second one is not held back."""
        self._waiting = True
        try:
            yield
        finally:
            self._waiting = False

    def handle(self, number: int, frame: FrameType | None = None) -> None:
        """Take a signal."""
        if not self._waiting or self.requested:
            raise self._error(number)
        self.requested = number

    def _error(self, number: int) -> Interrupted:
        kind = _KINDS[number]
        if self.hint is None:
            return kind(f"{kind.word} before anything was trained")
        return kind(
            f"{kind.word}; the run is saved up to the last line of its metrics", hint=self.hint
        )


@contextmanager
def catching() -> Iterator[Interrupts]:
    """Watch for signals; outside the main thread, where Python forbids that, nothing comes."""
    interrupts = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    before = {number: signal.signal(number, interrupts.handle) for number in _KINDS}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            # None: a handler that Python did not set and cannot set again.
            if handler is not None:
                signal.signal(number, handler)
