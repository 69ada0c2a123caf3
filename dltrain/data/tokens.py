"""How a text becomes tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

WORD = re.compile(r"\w+|\n|[^\w\s]")
"""A word, a line's end, or one mark of punctuation; other space only parts them."""


def characters(text: str) -> Sequence[str]:
    """Take each character for itself."""
    return text


def words(text: str) -> Sequence[str]:
    """Cut a text into words, marks and line ends."""
    return WORD.findall(text)


TOKENS: dict[str, Callable[[str], Sequence[str]]] = {"characters": characters, "words": words}
