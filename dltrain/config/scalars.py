"""Reading plain scalars as YAML 1.2's core schema does: `yes`, `012` and `12:30:45` stay texts."""

from __future__ import annotations

import re
from collections.abc import Callable

_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "True", "TRUE"}
_FALSE = {"false", "False", "FALSE"}
# A leading zero makes a text: YAML 1.1 read 012 as ten, YAML 1.2 as twelve, people as a label.
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"[-+]?\.(inf|Inf|INF)")
_NOT_A_NUMBER = {".nan", ".NaN", ".NAN"}
_LONGEST_NUMBER = 400

Scalar = str | int | float | bool | None


def read_plain(text: str) -> Scalar:
    """Give the value of an unquoted scalar: null, boolean, number, or else the text itself."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if len(text) > _LONGEST_NUMBER:
        return text
    return _number(text)


def _number(text: str) -> Scalar:
    readers: tuple[tuple[re.Pattern[str], Callable[[str], Scalar]], ...] = (
        (_INTEGER, int),
        (_OCTAL, lambda octal: int(octal[2:], 8)),
        (_HEXADECIMAL, lambda digits: int(digits, 16)),
        (_FLOAT, float),
        (_INFINITY, lambda infinity: float(infinity.replace(".", ""))),
    )
    for pattern, read in readers:
        if pattern.fullmatch(text):
            return read(text)
    return float("nan") if text in _NOT_A_NUMBER else text


def show(value: object) -> str:
    """Write a value as it stands in YAML, shortened, for a message."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the text {_shorten(repr(value))}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, dict):
        return "a mapping"
    return _shorten(str(value))


def _shorten(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
