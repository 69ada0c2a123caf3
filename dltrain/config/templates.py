"""The example configs, as `dltrain init` hands them out."""

from __future__ import annotations

from pathlib import Path

from dltrain.config.moving import moved
from dltrain.config.source import read_source
from dltrain.config.starter import preset_starter, starter
from dltrain.core.errors import ConfigError, StorageError, UsageError
from dltrain.core.suggest import nearest
from dltrain.models.base import Model
from dltrain.models.sequential import Sequential


def template_names() -> list[str]:
    """Name every example config."""
    return sorted(file.stem for file in _folder().glob("*.yaml"))


def beginning(name: str, data: Path | None, folder: Path) -> str:
    """Give the text to begin with: an example, a config file, or one made for a preset or data.

    `folder` is where paths in it are seen from.
    """
    preset = Model.registry().get(name) if name != Sequential.type_name else None
    if data is not None:
        return starter(data, folder, preset)
    if preset is not None:
        return preset_starter(preset)
    if Path(name).suffix in (".yaml", ".yml"):
        return moved(_of_file(Path(name)), Path(name), folder)
    return template(name)


def template(name: str) -> str:
    """Give the text of an example config."""
    names = template_names()
    if name not in names:
        names += [preset for preset in Model.registry() if preset != Sequential.type_name]
        near = nearest(name, names)
        hint = f"did you mean `{near}`?" if near else f"one of {', '.join(names)}"
        raise UsageError(f"no template is called {name!r}", hint=hint)
    return (_folder() / f"{name}.yaml").read_text(encoding="utf-8")


def _of_file(path: Path) -> str:
    _, text, problem = read_source(path)
    if problem is not None:
        raise ConfigError([problem])
    return text


def _folder() -> Path:
    """Find the examples: inside an installed package, or in the repository beside it."""
    package = Path(__file__).resolve().parent
    for folder in (package / "examples", package.parents[1] / "configs"):
        if folder.is_dir():
            return folder
    raise StorageError(
        "the example configs are not where they were installed",
        at=str(package / "examples"),
        hint="install dltrain again",
    )
