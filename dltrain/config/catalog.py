"""Every name that a config may use, with its one-line meaning."""

from __future__ import annotations

from dltrain.activations.base import Activation
from dltrain.config.json_schema import first_line, kinds_by_name
from dltrain.core.component import Component
from dltrain.core.errors import UsageError
from dltrain.core.suggest import nearest


def kinds() -> dict[str, str]:
    """Give every kind of component under its plural, with its meaning."""
    return {plural: first_line(kind) for plural, kind in _by_plural().items()}


def names_of(plural: str) -> dict[str, str]:
    """Give the names of one kind; an activation's name is a layer too."""
    by_plural = _by_plural()
    kind = by_plural.get(plural) or kinds_by_name().get(plural)
    if kind is None:
        near = nearest(plural, by_plural)
        hint = f"did you mean `{near}`?" if near else f"one of {', '.join(by_plural)}"
        raise UsageError(f"there are no {plural} to list", hint=hint)
    members: dict[str, type[Component]] = dict(kind.registry())
    for name in kind.other_names():
        members.setdefault(name, Activation.registry()[name])
    return {name: first_line(component) for name, component in sorted(members.items())}


def _by_plural() -> dict[str, type[Component]]:
    # A component may refer to a kind that nothing else refers to.
    for kind in list(kinds_by_name().values()):
        kind.registry()
    return {_plural(name): kind for name, kind in sorted(kinds_by_name().items())}


def _plural(kind: str) -> str:
    if kind == "augment":
        return "augmentations"
    return f"{kind}es" if kind.endswith("s") else f"{kind}s"
