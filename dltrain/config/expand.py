"""Writing the layers of a preset out, in the text of a config."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dltrain.config.dump import to_line
from dltrain.config.loader import load_text
from dltrain.config.places import Places
from dltrain.core.errors import UsageError
from dltrain.models.base import Model
from dltrain.models.sequential import Sequential

_NESTED = ("layers", "shortcut", "branches")


def expanded(text: str, name: str) -> str:
    """Replace `model: preset` in a config by the layers that it stands for; keep all else.

    Raises: ConfigError where the config has mistakes; UsageError where it names no preset.
    """
    loaded = load_text(text, name)
    model = loaded.config.model
    if isinstance(model, Sequential):
        raise UsageError("the layers of this config are written out", at=name)
    lines = text.splitlines()
    start, end = _section(loaded.written.places, lines)
    return "\n".join([*lines[:start], *model_lines(model), *lines[end:], ""])


def model_lines(model: Model) -> list[str]:
    """Write `model:` with its layers, a comment naming the preset and its options."""
    layers = [line for layer in model.expand() for line in _layer_lines(layer.brief(), "    ")]
    return ["model:", f"  # {to_line(model.brief())}, written out", "  layers:", *layers]


def _section(places: Places, lines: list[str]) -> tuple[int, int]:
    """Find the lines of the key `model`, counted from 0; comments before the next key are its."""
    first = {path: place.line or 0 for path, place in places.keys.items() if len(path) == 1}
    start = first["model",]
    end = min((line for line in first.values() if line > start), default=len(lines) + 1)
    while end - 2 >= start and lines[end - 2].lstrip()[:1] in ("", "#"):
        end -= 1
    return start - 1, end - 1


def _layer_lines(form: Any, indent: str) -> Iterator[str]:
    """Write a layer in one line, or a container with its layers below it."""
    nested = [key for key in _NESTED if isinstance(form, dict) and form.get(key)]
    if not nested:
        yield f"{indent}- {to_line(form)}"
        return
    plain = {key: value for key, value in form.items() if key not in nested}
    lead = f"{indent}- "
    for key, value in plain.items():
        yield f"{lead}{key}: {to_line(value)}"
        lead = f"{indent}  "
    for key in nested:
        yield f"{indent}  {key}:"
        write = _branch_lines if key == "branches" else _layer_lines
        for part in form[key]:
            yield from write(part, f"{indent}    ")


def _branch_lines(layers: list[Any], indent: str) -> Iterator[str]:
    """Write a branch: a list in a list."""
    if not layers:
        yield f"{indent}- []"
        return
    lines = [line for layer in layers for line in _layer_lines(layer, f"{indent}  ")]
    yield f"{indent}- {lines[0].lstrip()}"
    yield from lines[1:]
