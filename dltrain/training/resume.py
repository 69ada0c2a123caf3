"""Whether a run may go on with this config and these data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dltrain.config.loader import load_dict
from dltrain.config.paths import resolve_paths
from dltrain.config.places import Path as KeyPath
from dltrain.config.places import spell
from dltrain.config.schema import RunConfig
from dltrain.core.errors import ConfigError, DataError, UsageError

_FREE: frozenset[KeyPath] = frozenset(
    {
        ("name",),
        ("training", "threads"),
        ("training", "workers"),
        ("training", "epochs"),
        ("training", "steps"),
    }
)
_MISSING = object()


def require_same_config(saved: Mapping[str, Any], config: RunConfig, *, at: Path) -> None:
    """Raise UsageError, naming the keys, where a run would go on as another run."""
    free = _FREE | _paths(config) | _saved_paths(saved)
    old, new = dict(_leaves(saved)), dict(_leaves(config.dump()))
    keys = [key for key in {**new, **old} if old.get(key, _MISSING) != new.get(key, _MISSING)]
    changed = [key for key in keys if key not in free]
    if not changed:
        return
    shown = [f"{spell(key)} ({_show(old, key)} there, {_show(new, key)} here)" for key in changed]
    raise UsageError(
        f"the config is not that of the run to resume: {', '.join(shown)}",
        at=str(at),
        hint="only threads, workers, epochs, steps and paths may change; "
        "leave --resume out for a new run",
    )


def require_same_data(saved: str, found: str, *, accept: bool, at: Path) -> None:
    """Raise DataError where the samples are not those that the run began with."""
    if saved == found or accept:
        return
    raise DataError(
        "the data set is not the one that this run was trained on",
        at=str(at),
        hint="bring the old data back, or go on all the same with --accept-changed-data",
    )


def _paths(config: RunConfig) -> frozenset[KeyPath]:
    """Give the keys that hold paths."""
    found: set[KeyPath] = set()

    def note(key: KeyPath) -> Path:
        found.add(key)
        return Path("/")

    resolve_paths(config, note)
    return frozenset(found)


def _saved_paths(saved: Mapping[str, Any]) -> frozenset[KeyPath]:
    try:
        return _paths(load_dict(saved).config)
    except ConfigError:  # written by another version: its keys count as they are
        return frozenset()


def _leaves(value: Any, at: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Give every value that is not a mapping or a list with entries, and its key."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, (*at, key))
    elif isinstance(value, list | tuple) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, (*at, index))
    else:
        yield at, [] if value == () else value


def _show(leaves: Mapping[KeyPath, Any], key: KeyPath) -> str:
    value = leaves.get(key, _MISSING)
    return "nothing" if value is _MISSING or value is None else str(value)
