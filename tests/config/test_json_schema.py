from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from dltrain.config.json_schema import json_schema, kinds_by_name
from dltrain.config.loader import load_dict
from dltrain.config.yaml_tree import read_tree

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))


@cache
def validator() -> Any:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def plain(text: str) -> Any:
    return read_tree(text, "config.yaml").value


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_example_config_fits_the_schema(path: Path) -> None:
    validator().validate(plain(path.read_text(encoding="utf-8")))


def test_a_good_config_fits_the_schema(good: str) -> None:
    validator().validate(plain(good))


def test_every_value_in_force_fits_the_schema(good: str) -> None:
    validator().validate(load_dict(plain(good)).config.dump())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("epochs: 2", "epocs: 2"),
        ("units: 16", "units: x"),
        ("- flatten", "- flat"),
        ("type: adam", "type: adamm"),
        ("type: dense, units: 16", "units: 16"),
        ("  loss: categorical_crossentropy", "  seed: 1"),
    ],
)
def test_what_the_loader_refuses_does_not_fit_the_schema(good: str, old: str, new: str) -> None:
    assert old in good
    assert not validator().is_valid(plain(good.replace(old, new)))


def test_every_component_of_every_kind_is_in_the_schema() -> None:
    definitions = json_schema()["$defs"]
    for name, kind in kinds_by_name().items():
        if kind.__module__.startswith("dltrain.") and name in definitions:
            forms = [form for form in definitions[name]["anyOf"] if "properties" in form]
            assert set(kind.registry()) <= {form["properties"]["type"]["const"] for form in forms}


def test_a_bare_name_stands_only_for_what_needs_no_fields() -> None:
    bare, *_ = json_schema()["$defs"]["layer"]["anyOf"]
    assert "flatten" in bare["enum"]
    assert "relu" in bare["enum"]
    assert "dense" not in bare["enum"]


def test_no_reference_leads_nowhere() -> None:
    schema = json_schema()

    def references(part: Any) -> set[str]:
        if isinstance(part, dict):
            own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
            return own.union(*map(references, part.values()))
        return set().union(*map(references, part)) if isinstance(part, list) else set()

    assert references(schema) <= {f"#/$defs/{name}" for name in schema["$defs"]}
