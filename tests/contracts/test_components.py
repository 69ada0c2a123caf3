"""What every component of every kind keeps, whoever wrote it."""

from __future__ import annotations

import json
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

import dltrain
from dltrain.core.component import Component

EXAMPLES: dict[str, Any] = {
    "activation": "relu",
    "boundaries": [10],
    "branches": [["relu"], ["tanh"]],
    "decay_rate": 0.5,
    "degrees": 10,
    "embedding": "embedding_1",
    "filters": 3,
    "initial": 0.1,
    "kernel_size": 3,
    "input_dim": 7,
    "intermediate_dim": 5,
    "key_dim": 3,
    "layer": {"type": "dense", "units": 3},
    "layers": ["relu"],
    "length": 8,
    "mean": 0.5,
    "num_heads": 2,
    "offset": 0.5,
    "output_dim": 4,
    "padding": 4,
    "patch_size": 4,
    "path": "data.npz",
    "rate": 0.5,
    "scale": 0.5,
    "size": [8, 8],
    "std": 0.5,
    "stddev": 0.5,
    "target": "price",
    "target_shape": [2, 2],
    "times": 2,
    "train": {"images": "images-idx3", "labels": "labels-idx1"},
    "units": 4,
    "values": [0.1, 0.01],
}
"""A value for each field that has no default, by its name."""
CUSTOM: dict[tuple[str, str], dict[str, Any]] = {}
"""Whole examples, by kind and name, where a field's name alone does not tell."""


def kinds() -> list[type[Component]]:
    """Find the base class of every kind."""
    for module in walk_packages(dltrain.__path__, "dltrain."):
        if module.name.endswith(".base"):
            import_module(module.name)
    return sorted((kind for kind in _below(Component) if kind.is_kind()), key=lambda k: k.kind)


def _below(parent: type[Component]) -> set[type[Component]]:
    children = set(parent.__subclasses__())
    return children.union(*map(_below, children))


def members() -> list[Any]:
    """Give (kind, component) for all that a config can name."""
    return [
        pytest.param(kind, component, id=f"{kind.kind}-{name}")
        for kind in kinds()
        for name, component in kind.registry().items()
    ]


def example(kind: type[Component], component: type[Component]) -> dict[str, Any]:
    fields = {
        name: EXAMPLES[name]
        for name, field in component.model_fields.items()
        if field.is_required() and name in EXAMPLES
    }
    fields |= CUSTOM.get((kind.kind, component.type_name), {})
    return {"type": component.type_name, **fields}


every_component = pytest.mark.parametrize(("kind", "component"), members())


@every_component
def test_a_component_reads_back_as_it_was_dumped(
    kind: type[Component], component: type[Component]
) -> None:
    read = kind.parse(example(kind, component))
    dumped = json.loads(json.dumps(read.dump()))
    assert type(read) is component
    assert kind.parse(dumped) == read


@every_component
def test_a_component_and_all_its_fields_are_documented(
    kind: type[Component], component: type[Component]
) -> None:
    assert (component.__dict__.get("__doc__") or "").strip()
    silent = [name for name, field in component.model_fields.items() if not field.description]
    assert silent == []


@every_component
def test_a_misspelt_field_is_an_error(kind: type[Component], component: type[Component]) -> None:
    with pytest.raises((ValidationError, PydanticCustomError), match="no_such_field"):
        kind.parse({**example(kind, component), "no_such_field": 1})


@every_component
def test_a_component_stands_in_the_file_of_its_name(
    kind: type[Component], component: type[Component]
) -> None:
    assert component.__module__ == f"{kind.package}.{component.type_name}"


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.kind) for kind in kinds()])
def test_an_unknown_name_gets_the_nearest_one(kind: type[Component]) -> None:
    name = next(iter(kind.registry()))
    with pytest.raises(PydanticCustomError) as caught:
        kind.parse(f"{name}x")
    assert caught.value.context is not None
    assert name in caught.value.context["names"]
    assert caught.value.context["nearest"] in caught.value.context["names"]
