"""The example configs, as `dltrain init` hands them out."""

from __future__ import annotations

from pathlib import Path

from dltrain.core.errors import StorageError, UsageError
from dltrain.core.suggest import nearest


def template_names() -> list[str]:
    """Name every example config."""
    return sorted(file.stem for file in _folder().glob("*.yaml"))


def template(name: str) -> str:
    """Give the text of an example config."""
    names = template_names()
    if name not in names:
        near = nearest(name, names)
        hint = f"did you mean `{near}`?" if near else f"one of {', '.join(names)}"
        raise UsageError(f"no template is called {name!r}", hint=hint)
    return (_folder() / f"{name}.yaml").read_text(encoding="utf-8")


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
