"""What pydantic's kinds of errors are called in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dltrain.config.scalars import read_plain
from dltrain.core.fields import LAYER_NAME, RUN_NAME

if TYPE_CHECKING:
    from dltrain.config.branches import Finding

_EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "a text",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "none_required": "nothing",
    "greater_than": "a number greater than {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number less than {lt}",
    "less_than_equal": "a number of at most {le}",
    "entry_missing": "a list with more entries",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "string_too_short": "a text that is not empty",
    "string_pattern_mismatch": "a text that matches {pattern}",
    RUN_NAME: "the name of a folder (letters, digits, spaces, . _ + -; not . + - first)",
    LAYER_NAME: "a name of letters, digits, . _ -",
    "literal_error": "{expected}",
    "union": "{expected}",
}


def expectation(finding: Finding) -> str | None:
    """Say what should stand there; None where the message says all."""
    if finding.kind == "component_form":
        kind = str(finding.context.get("kind", "component"))
        article = "an" if kind[0] in "aeio" else "a"
        return f"{article} {kind} (a name, or a mapping with `type`)"
    text = _EXPECTED.get(str(finding.context.get("pattern")), _EXPECTED.get(finding.kind))
    shown = {
        name: f"{value:g}" if isinstance(value, float) else value
        for name, value in finding.context.items()
    }
    return text.format(**shown) if text else None


def is_mismatch(finding: Finding) -> bool:
    """Tell an error about the very kind of value from one about what is in it."""
    if finding.kind in ("unknown_type", "missing_type"):
        return False
    return finding.kind.endswith("_type") or finding.kind in (
        "component_form",
        "literal_error",
        "none_required",
        "int_from_float",
    )


def is_numeric(finding: Finding) -> bool:
    """Tell whether a number was expected."""
    return finding.kind in ("int_type", "float_type")


def quoted_number(finding: Finding) -> bool:
    """Tell whether a text was given that is a number but for its quotes."""
    if not isinstance(finding.input, str):
        return False
    value = read_plain(finding.input)
    return isinstance(value, int | float) and not isinstance(value, bool)


def choices(expected: str) -> list[str]:
    """Take the words out of pydantic's `'valid' or 'same'`."""
    return re.findall(r"'([^']*)'", expected)
