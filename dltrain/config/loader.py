"""Reading a config: file, environment, overrides, checks; every problem located."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from dltrain.config.draft import Draft, LoadedConfig, Written
from dltrain.config.overrides import apply_overrides
from dltrain.config.parts import Found, layers_of, part_of
from dltrain.config.paths import resolve_paths
from dltrain.config.places import Path
from dltrain.config.report import Reporter
from dltrain.config.rules import rule_problems
from dltrain.config.schema import RunConfig
from dltrain.config.source import default_name, read_source
from dltrain.config.yaml_tree import Tree, read_tree
from dltrain.core.errors import Problem
from dltrain.data.sources.base import Dataset
from dltrain.losses.base import Loss

Overrides = Sequence[str] | Mapping[str, Any]
"""`a.b=c` texts as `--set` takes them, or a mapping from `a.b` to values."""


def load(path: str | FilePath, overrides: Overrides = (), *, dataset: bool = True) -> LoadedConfig:
    """Read a config file; raise ConfigError with all of its problems.

    `dataset=False` accepts a config without one.
    """
    return read(path, overrides, dataset=dataset).loaded()


def load_dict(
    mapping: Mapping[str, Any], overrides: Overrides = (), *, dataset: bool = True
) -> LoadedConfig:
    """Read a config from a mapping of the same form; relative paths are from the current folder."""
    return read_dict(mapping, overrides, dataset=dataset).loaded()


def read(path: str | FilePath, overrides: Overrides = (), *, dataset: bool = True) -> Draft:
    """Read what can be read of a config file, with its problems."""
    file = FilePath(path)
    source, text, problem = read_source(file)
    if problem is not None:
        return Draft(Written(source, file), (problem,))
    return _draft(read_tree(text, str(file)), source, file, overrides, need_dataset=dataset)


def load_text(text: str, name: str) -> LoadedConfig:
    """Read a config, or one without a dataset, from YAML text; problems call it `name`."""
    return _draft(read_tree(text, name), text.encode(), None, (), need_dataset=False).loaded()


def read_dict(
    mapping: Mapping[str, Any], overrides: Overrides = (), *, dataset: bool = True
) -> Draft:
    """Read what can be read of a mapping, with its problems."""
    value = _plain(mapping)
    return _draft(Tree(value), _as_yaml(value), None, overrides, need_dataset=dataset)


def _draft(
    tree: Tree, source: bytes, file: FilePath | None, overrides: Overrides, *, need_dataset: bool
) -> Draft:
    overridden = apply_overrides(tree, overrides)
    written = Written(source, file, tree.value, tree.places)
    if not isinstance(tree.value, dict):
        return Draft(written, tuple(tree.problems) or (_not_a_config(written),))
    config, found = _validate(written)
    found += rule_problems(written, config, need_dataset=need_dataset)

    def folder_of(path: Path) -> FilePath:
        from_file = file and not any(path[: len(at)] == at for at in overridden)
        return file.resolve().parent if file and from_file else FilePath.cwd()

    dataset = part_of(Dataset, written, ("dataset",), found)
    layers, complete = layers_of(written, found)
    return Draft(
        written,
        (*tree.problems, *(problem for _, problem in found)),
        _finished(config, file, folder_of) if config else None,
        resolve_paths(dataset, folder_of, ("dataset",)) if dataset else None,
        layers,
        complete,
        part_of(Loss, written, ("training", "loss"), found),
    )


def _validate(written: Written) -> tuple[RunConfig | None, Found]:
    try:
        return RunConfig.model_validate(written.value), []
    except ValidationError as error:
        reporter = Reporter(RunConfig, written.value, written.places)
        return None, reporter.problems(error)


def _finished(config: RunConfig, file: FilePath | None, folder_of: Any) -> RunConfig:
    named = config.model_copy(update={"name": config.name or default_name(file)})
    return resolve_paths(named, folder_of)


def _not_a_config(written: Written) -> Problem:
    if written.value is None:
        hint = "`dltrain init` writes a config to start from"
        file = str(written.path) if written.path else None
        return Problem("this config is empty", file=file, line=1, column=1, hint=hint)
    hint = "a config is keys with values, such as `version: 1`"
    return written.problem((), "this is not a config", hint=hint)


def _plain(value: Any) -> Any:
    """Copy a Python value, so that overrides change nothing of the caller's; tuples are lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _as_yaml(value: Any) -> bytes:
    import yaml

    try:
        return yaml.safe_dump(value, sort_keys=False).encode()
    except yaml.YAMLError:
        # A value that YAML cannot hold is a problem that validation names with its path.
        return b""
