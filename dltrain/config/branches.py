"""Finding the one error that matters where a value may be one of several things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dltrain.config.places import Path
from dltrain.config.wording import choices, expectation, is_mismatch, is_numeric, quoted_number


@dataclass(frozen=True)
class Finding:
    """One error of pydantic's, under the path that is in the file.

    `branches` are the alternatives of unions that pydantic went through, each with the length of
    the path where it stood: pydantic writes them into its location, but no file holds them.
    """

    kind: str
    path: Path
    input: Any
    message: str
    context: dict[str, Any] = field(default_factory=dict)
    branches: tuple[tuple[int, str], ...] = ()


def locate(entry: Mapping[str, Any], value: Any) -> Finding:
    """Follow an error's location through the values written, setting the rest aside."""
    path: list[str | int] = []
    branches: list[tuple[int, str]] = []
    kind, last = entry["type"], len(entry["loc"]) - 1
    for at, part in enumerate(entry["loc"]):
        if _holds(value, part):
            value = value[part]
            path.append(part)
        elif at == last and kind == "missing" and isinstance(part, int):
            kind = "entry_missing"
        elif at == last and kind == "missing":
            path.append(part)
        else:
            branches.append((len(path), str(part)))
    context = dict(entry.get("ctx", {}))
    if kind == "literal_error":
        context["choices"] = choices(context["expected"])
    message = str(entry["msg"]).removeprefix("Value error, ")
    # The input as written: pydantic's own lacks what `Component.parse` took out.
    given = entry["input"] if kind == "missing" else value
    return Finding(kind, tuple(path), given, message, context, tuple(branches))


def _holds(value: Any, part: str | int) -> bool:
    if isinstance(value, Mapping):
        return part in value
    return isinstance(value, list) and isinstance(part, int) and part < len(value)


def choose(findings: Sequence[Finding]) -> list[Finding]:
    """Keep, of a union's errors, those of the alternative that was meant; merge where none was."""
    plain = [finding for finding in findings if not finding.branches]
    unions: dict[Path, dict[str, list[Finding]]] = {}
    for finding in findings:
        if finding.branches:
            (length, branch), *rest = finding.branches
            inner = replace(finding, branches=tuple(rest))
            unions.setdefault(finding.path[:length], {}).setdefault(branch, []).append(inner)
    for path, alternatives in unions.items():
        plain += _meant(path, [choose(inner) for inner in alternatives.values()])
    return plain


def _meant(path: Path, alternatives: Sequence[list[Finding]]) -> list[Finding]:
    if len(alternatives) == 1:
        return alternatives[0]
    for findings in alternatives:
        if any(is_numeric(finding) and quoted_number(finding) for finding in findings):
            return findings
    fitting = [
        findings
        for findings in alternatives
        if not any(finding.path == path and is_mismatch(finding) for finding in findings)
    ]
    if fitting:
        return min(fitting, key=len)
    merged = [finding for findings in alternatives for finding in findings]
    expected = dict.fromkeys(expectation(finding) or finding.message for finding in merged)
    words = [word for finding in merged for word in finding.context.get("choices", [])]
    context = {"expected": " or ".join(expected), "choices": words}
    return [Finding("union", path, merged[0].input, merged[0].message, context)]
