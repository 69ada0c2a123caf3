"""From pydantic's errors to problems that say where, what is allowed, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypedDict, Unpack

from pydantic import ValidationError

from dltrain.config.annotations import fields_of, owner_of
from dltrain.config.branches import Finding, choose, locate
from dltrain.config.places import Path, Places, spell
from dltrain.config.scalars import show
from dltrain.config.wording import expectation, quoted_number
from dltrain.core.component import Component
from dltrain.core.errors import Problem
from dltrain.core.suggest import nearest


class Advice(TypedDict, total=False):
    """What a problem says beside what is wrong."""

    allowed: str | None
    hint: str | None
    history: str | None


_SECTIONS: tuple[Path, ...] = (
    (),
    ("dataset",),
    ("model",),
    ("optimizer",),
    ("training",),
    ("training", "checkpoint"),
)


class Reporter:
    """Turns the errors of one config into problems, one for each mistake."""

    def __init__(self, root: type[Component], value: Any, places: Places) -> None:
        """Keep the class that the config is read as, what was written, and where."""
        self.root = root
        self.value = value
        self.places = places

    def problems(self, error: ValidationError) -> list[tuple[Path, Problem]]:
        """Give every problem with its path."""
        found = [locate(entry, self.value) for entry in error.errors(include_url=False)]
        chosen = self._without_consequences(choose(found))
        return [(finding.path, self.describe(finding)) for finding in chosen]

    def problem(
        self, path: Path, message: str, *, key: bool = False, **advice: Unpack[Advice]
    ) -> Problem:
        """Make a problem about a path, with the place where it is written."""
        place = self.places.find(path, key=key)
        if place is None:
            return Problem(message, spell(path), **advice)
        return Problem(message, spell(path), place.file, place.line, place.column, **advice)

    def describe(self, finding: Finding) -> Problem:
        """Word one finding."""
        describers = {
            "extra_forbidden": self._unknown_key,
            "missing": self._missing,
            "unknown_type": self._unknown_type,
            "missing_type": self._missing_type,
        }
        if finding.kind in describers:
            return describers[finding.kind](finding)
        expected = expectation(finding)
        if expected is None:
            return self.problem(finding.path, finding.message)
        hint = _hint(finding, expected)
        message = f"expected {expected}, got {show(finding.input)}"
        return self.problem(finding.path, message, hint=hint)

    def _unknown_key(self, finding: Finding) -> Problem:
        *parent, key = finding.path
        owner = owner_of(self.root, self.value, tuple(parent))
        fields = fields_of(self.root, self.value, tuple(parent))
        near = nearest(str(key), self._keys(tuple(parent)))
        target = self._belongs(finding)
        hint = f"did you mean `{near}`?" if near else None
        if target is not None:
            section = spell(target[:-1])
            hint = f"`{key}` belongs " + (f"under `{section}`" if section else "at the top level")
        name = f"`{owner.type_name}`" if owner and owner.kind else spell(tuple(parent)) or "config"
        return self.problem(
            finding.path,
            f"unknown key `{key}` in {name}",
            key=True,
            allowed=", ".join(fields) or "no keys but `type`",
            hint=hint,
        )

    def _missing(self, finding: Finding) -> Problem:
        *parent, key = finding.path
        owner = owner_of(self.root, self.value, tuple(parent))
        field = owner.model_fields.get(str(key)) if owner else None
        meaning = f": {field.description}" if field and field.description else ""
        needs = f" for `{owner.type_name}`" if owner and owner.kind else ""
        hint = f"add `{key}`{meaning}"
        return self.problem(finding.path, f"`{key}` is missing{needs}", hint=hint)

    def _unknown_type(self, finding: Finding) -> Problem:
        names = finding.context.get("names", [])
        near = finding.context.get("nearest")
        path = finding.path
        if isinstance(finding.input, dict) and "type" in finding.input:
            path = (*path, "type")
        return self.problem(
            path,
            finding.message,
            allowed=", ".join(names),
            hint=f"did you mean `{near}`?" if near else None,
        )

    def _missing_type(self, finding: Finding) -> Problem:
        keys = finding.input if isinstance(finding.input, dict) else {}
        near = next((key for key in keys if nearest(str(key), ["type"])), None)
        hint = f"did you mean `type` where `{near}` stands?" if near else "add `type: name`"
        return self.problem(finding.path, finding.message, hint=hint)

    def _keys(self, parent: Path) -> list[str]:
        owner = owner_of(self.root, self.value, parent)
        kind = ["type"] if owner and owner.kind else []
        return [*kind, *fields_of(self.root, self.value, parent)]

    def _belongs(self, finding: Finding) -> Path | None:
        """Give the path where a misplaced key is known."""
        *parent, key = finding.path
        for section in _SECTIONS:
            owner = owner_of(self.root, self.value, section)
            if section != tuple(parent) and owner and key in owner.model_fields:
                return (*section, key)
        return None

    def _without_consequences(self, findings: Sequence[Finding]) -> list[Finding]:
        """Drop what another problem explains.

        A key is not missing whose value stands there under another name or elsewhere; a list is
        not too short whose entries are wrong.
        """
        unknown = [finding for finding in findings if finding.kind == "extra_forbidden"]
        targets = [target for finding in unknown if (target := self._belongs(finding))]
        return [
            finding
            for finding in findings
            if not _long_enough(finding)
            and not (
                finding.kind == "missing"
                and (self._misspelt(finding, unknown) or _covered(finding.path, targets))
            )
        ]

    def _misspelt(self, missing: Finding, unknown: Iterable[Finding]) -> bool:
        *parent, key = missing.path
        keys = self._keys(tuple(parent))
        return any(
            nearest(str(finding.path[-1]), keys) in (key, "type")
            for finding in unknown
            if finding.path[:-1] == tuple(parent)
        )


def _hint(finding: Finding, expected: str) -> str | None:
    """Say how the value was probably meant."""
    if quoted_number(finding):
        return "remove the quotes"
    if finding.context.get("kind") == "model" and isinstance(finding.input, list):
        return "write `model:` and under it `layers:`"
    if expected == "a list" and isinstance(finding.input, str):
        return f"write `[{finding.input}]`"
    choices = finding.context.get("choices", [])
    near = nearest(finding.input, choices) if isinstance(finding.input, str) else None
    return f"did you mean `{near}`?" if near else None


def _long_enough(finding: Finding) -> bool:
    """Tell a list that pydantic counts without its wrong entries from one that is too short."""
    if finding.kind != "too_short" or not isinstance(finding.input, list):
        return False
    return len(finding.input) >= int(finding.context["min_length"])


def _covered(path: Path, targets: Iterable[Path]) -> bool:
    return any(target[: len(path)] == path for target in targets)
