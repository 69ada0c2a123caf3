"""The JSON Schema of configs, from the same classes that read them."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import getdoc
from typing import Any

from dltrain.activations.base import Activation
from dltrain.config.schema import RunConfig
from dltrain.core.component import Component

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = "#/$defs/{model}"

Schema = dict[str, Any]


def json_schema() -> Schema:
    """Give the schema of a whole config; every kind of component is one definition."""
    definitions: Schema = {}
    root = _fields(RunConfig, definitions)
    while missing := _kinds_in([root, definitions]) - definitions.keys():
        kinds = kinds_by_name()
        for name in sorted(missing):
            definitions[name] = _kind(kinds[name], definitions)
    definitions = dict(sorted(definitions.items()))
    return {
        "$schema": _DIALECT,
        "title": "dltrain config",
        **_linked(root),
        "$defs": _linked(definitions),
    }


def kinds_by_name() -> dict[str, type[Component]]:
    """Give the base class of every kind of component that is in use."""
    return {kind.kind: kind for kind in _subclasses(Component) if kind.is_kind()}


def _subclasses(parent: type[Component]) -> Iterator[type[Component]]:
    for subclass in parent.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _kind(kind: type[Component], definitions: Schema) -> Schema:
    """Describe a kind: a bare name where no field is required, or one mapping per component."""
    members: dict[str, type[Component]] = dict(kind.registry())
    for name in kind.other_names():
        members.setdefault(name, Activation.registry()[name])
    complete = [name for name, component in sorted(members.items()) if not _required(component)]
    bare = [{"type": "string", "enum": complete}] if complete else []
    forms = [
        _component(component, definitions, implied=name == kind.default_type)
        for name, component in sorted(members.items())
    ]
    _share(kind.shared, [form["properties"] for form in forms])
    return {"description": first_line(kind), "anyOf": [*bare, *forms]}


def _share(fields: tuple[str, ...], forms: list[Schema]) -> None:
    """Add the fields that all of a kind take to the forms of other kinds' names."""
    shared = {field: form[field] for form in forms for field in fields if field in form}
    for form in forms:
        form.update({field: schema for field, schema in shared.items() if field not in form})


def _component(component: type[Component], definitions: Schema, *, implied: bool) -> Schema:
    """Describe the mapping `{type: name, ...}`; where the type is implied it may be left out."""
    schema = _fields(component, definitions)
    schema["properties"] = {"type": {"const": component.type_name}, **schema["properties"]}
    schema["required"] = ([] if implied else ["type"]) + schema.get("required", [])
    return schema


def _fields(component: type[Component], definitions: Schema) -> Schema:
    schema = component.model_json_schema(ref_template=_REFERENCE)
    definitions.update(schema.pop("$defs", {}))
    schema.setdefault("properties", {})
    schema["description"] = first_line(component)
    return schema


def _required(component: type[Component]) -> bool:
    return any(field.is_required() for field in component.model_fields.values())


def first_line(component: type[Component]) -> str:
    """Give the one-line meaning of a component."""
    return (getdoc(component) or "").partition("\n")[0]


def _kinds_in(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        own = {schema["x-kind"]} if isinstance(schema.get("x-kind"), str) else set()
        return own.union(*map(_kinds_in, schema.values()))
    if isinstance(schema, list):
        return set().union(*map(_kinds_in, schema))
    return set()


def _linked(schema: Any) -> Any:
    """Put a reference where a kind is marked, and leave titles that repeat names out."""
    if isinstance(schema, list):
        return [_linked(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    linked = {
        key: _linked(value)
        for key, value in schema.items()
        if not (key == "x-kind" or (key == "title" and isinstance(value, str)))
    }
    kind = schema.get("x-kind")
    return {"$ref": _REFERENCE.format(model=kind), **linked} if isinstance(kind, str) else linked
