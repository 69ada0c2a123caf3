"""Everything that a config can name: a frozen pydantic class, found by its kind and its name.

A kind (`layer`, `optimizer`, ...) is a base class with its package; a component is a subclass in a
file of that package. Where a field has a kind as its type, the config writes `{type: name, ...}`,
or the bare name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from dltrain.core.suggest import nearest


def snake_case(name: str) -> str:
    """Turn a class name into its name in a config: MaxPooling2D to max_pooling2d."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[0-9])(?=[A-Z][a-z0-9])", "_", name).lower()


class Component(BaseModel):
    """A frozen piece of a config. The texts under its fields are its documentation."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, defer_build=True
    )

    kind: ClassVar[str] = ""
    package: ClassVar[str] = ""
    type_name: ClassVar[str] = ""
    default_type: ClassVar[str | None] = None
    shared: ClassVar[tuple[str, ...]] = ()
    """Fields that all of a kind take, beside their own."""
    members: ClassVar[dict[str, type[Component]]] = {}

    def __init_subclass__(cls, *, listed: bool = True, **kwargs: Any) -> None:
        """Take the class keywords; pydantic hands them to `__pydantic_init_subclass__` too."""
        super().__init_subclass__(**kwargs)

    @classmethod
    def __pydantic_init_subclass__(cls, *, listed: bool = True, **kwargs: Any) -> None:
        """Register a component under its kind; `listed=False` keeps it out of configs."""
        super().__pydantic_init_subclass__(**kwargs)
        if cls.is_kind():
            cls.members = {}
            return
        cls.type_name = cls.__dict__.get("type_name") or snake_case(cls.__name__)
        if listed and cls.kind:
            cls.members[cls.type_name] = cls

    @classmethod
    def is_kind(cls) -> bool:
        """Tell a kind's base class from the components of that kind."""
        return "kind" in cls.__dict__

    @classmethod
    def registry(cls) -> dict[str, type[Self]]:
        """Give every component of this kind by name, importing its package once."""
        _import_all(cls.package)
        return dict(sorted(cls.members.items()))  # type: ignore[arg-type]

    @classmethod
    def adapt(cls, fields: dict[str, Any]) -> Component | None:  # noqa: ARG003 - for kinds to use
        """Read a form that only this kind knows; None where there is none."""
        return None

    @classmethod
    def other_names(cls) -> tuple[str, ...]:
        """Name what `adapt` takes beside the registered types."""
        return ()

    @classmethod
    def parse(cls, value: Any) -> Any:
        """Turn a bare name, a mapping with `type`, or a component into a component."""
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            value = {"type": value}
        if not isinstance(value, Mapping):
            raise PydanticCustomError(
                "component_form",
                "expected a name or a mapping with `type`, got {got}",
                {"got": _describe(value), "kind": cls.kind},
            )
        fields = dict(value)
        name = fields.pop("type", cls.default_type)
        if name is None:
            raise PydanticCustomError(
                "missing_type", "`type` is missing: which {kind}?", {"kind": cls.kind}
            )
        component = cls.registry().get(name) if isinstance(name, str) else None
        if component is not None:
            return component.model_validate(fields)
        adapted = cls.adapt({"type": name, **fields}) if isinstance(name, str) else None
        if adapted is not None:
            return adapted
        names = [*cls.registry(), *cls.other_names()]
        raise PydanticCustomError(
            "unknown_type",
            "no {kind} is called {name}",
            {
                "kind": cls.kind,
                "name": repr(name),
                "names": sorted(names),
                "nearest": nearest(str(name), names),
            },
        )

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Dispatch on `type` where a field is annotated with a kind."""
        if cls.is_kind():
            return core_schema.no_info_plain_validator_function(
                cls.parse, serialization=core_schema.plain_serializer_function_ser_schema(_dump)
            )
        return handler(source)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Mark a kind by name; `config.json_schema` puts a reference to its definition there."""
        if cls.is_kind():
            return {"x-kind": cls.kind}
        return handler(schema)

    def dump(self) -> dict[str, Any]:
        """Give the plain mapping that reads back as this component, every field in force."""
        fields = {name: _dump(getattr(self, name)) for name in type(self).model_fields}
        return {"type": self.type_name, **fields} if self.kind else fields

    def brief(self) -> Any:
        """Give the shortest form that reads back as this component: what is not a default."""
        fields = {
            name: _brief(getattr(self, name))
            for name, field in type(self).model_fields.items()
            if getattr(self, name) != field.default
        }
        return {"type": self.type_name, **fields} if fields else self.type_name


@cache
def _import_all(package: str) -> None:
    for module in iter_modules(import_module(package).__path__):
        import_module(f"{package}.{module.name}")


def _dump(value: Any) -> Any:
    if isinstance(value, Component):
        return value.dump()
    if isinstance(value, list | tuple):
        return [_dump(item) for item in value]
    if isinstance(value, dict):
        return {key: _dump(item) for key, item in value.items()}
    return value


def _brief(value: Any) -> Any:
    if isinstance(value, Component):
        return value.brief()
    if isinstance(value, list | tuple):
        return [_brief(item) for item in value]
    if isinstance(value, dict):
        return {key: _brief(item) for key, item in value.items()}
    return value


def _describe(value: Any) -> str:
    names = {type(None): "nothing", bool: "a boolean", int: "a number", float: "a number"}
    names |= {list: "a list", str: "a text", dict: "a mapping"}
    return names.get(type(value), type(value).__name__)
