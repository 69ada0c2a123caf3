"""The screen of `-q`: warnings alone."""

from __future__ import annotations

import sys

from dltrain.training.events import Event, Notice


class QuietScreen:
    """Shows warnings and nothing else."""

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, Notice) and event.warning:
            sys.stderr.write(f"warning: {event.text}\n")

    def close(self) -> None:
        """Have nothing to do."""
