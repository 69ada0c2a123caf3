"""What is known of the numbers of a sample, where they are not measurements."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class InputFacts:
    """What a data set tells the layers that read its samples."""

    tokens: int | None = None
    """Different tokens, where samples are tokens' numbers: 0 is padding, 1 an unknown token."""
    source: int | None = None
    """Where a target of other tokens stands behind its source: the steps of the source."""
    categories: tuple[int, ...] = ()
    """Of a table, the different categories of each column; 0 where it holds measurements."""


NOTHING_KNOWN = InputFacts()
"""Of samples that are measurements."""
