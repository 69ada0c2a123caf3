"""Writing a config as YAML that reads back as the same values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from dltrain.config.scalars import read_plain

_PLAIN = re.compile(r"[A-Za-z_/.][A-Za-z0-9_./-]*")


class _Dumper(yaml.SafeDumper):
    """Quotes every text that could be taken for something else."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write equal parts out again: nobody likes anchors in a file to read."""
        return True


def to_yaml(config: Mapping[str, Any]) -> str:
    """Write plain values, keys in their order; `config.loader` reads them back unchanged."""
    return yaml.dump(config, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    plain = _PLAIN.fullmatch(text) is not None and read_plain(text) == text
    style = None if plain else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def to_line(value: Any) -> str:
    """Write a value in one line, as in `{type: dense, units: 10}`."""
    text = yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=True,
        width=10_000,
    )
    return str(text).removesuffix("\n...\n").strip()
