"""Filling `${env:NAME}` and `${env:NAME:-default}` in."""

from __future__ import annotations

import os
import re

_REFERENCE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_OPENING = "${env:"


class MissingVariable(LookupError):
    """A variable that is not set and has no default, or a reference that cannot be read."""


def fill(text: str) -> str:
    """Replace every reference to an environment variable by its value."""
    if _OPENING not in text:
        return text
    if _OPENING in _REFERENCE.sub("", text):
        raise MissingVariable("write `${env:NAME}` or `${env:NAME:-default}`")
    return _REFERENCE.sub(_value, text)


def _value(match: re.Match[str]) -> str:
    name, default = match.groups()
    value = os.environ.get(name, default)
    if value is None:
        raise MissingVariable(f"the environment variable {name} is not set")
    return value
