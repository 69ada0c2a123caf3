"""From what a user names to the files that are meant, in order."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dltrain.data.images import SUFFIXES

STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Input:
    """One file to label, or the reason why there is none."""

    path: str
    error: str | None = None


def expand(
    named: Sequence[str], standard_input: Iterable[str] = (), *, records: bool = False
) -> Iterator[Input]:
    """Give the files that are meant by files, folders, globs, `@list.txt` and `-`.

    What leads to no file gives one input with an error, so that nothing is lost silently. Standard
    input holds the names of files, or, with `records`, what a file of them would.
    """
    for name in named:
        if name == STANDARD_INPUT and records:
            yield Input(name)
        elif name == STANDARD_INPUT:
            yield from _lines(standard_input)
        elif name.startswith("@") and not _is(name):
            yield from _from_list(name)
        else:
            yield from _one(name)


def _from_list(name: str) -> Iterator[Input]:
    path = Path(name[1:])
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        yield Input(name, f"cannot read this list: {error.strerror}")
    except UnicodeDecodeError:
        yield Input(name, "this list is not text")
    else:
        yield from _lines(lines, folder=path.parent)


def _lines(lines: Iterable[str], folder: Path | None = None) -> Iterator[Input]:
    """Give a path for each line that is not empty; those of a list may be relative to it."""
    for line in lines:
        name = line.strip("\r\n")
        if not name.strip():
            continue
        beside = str(folder / name) if folder is not None else name
        yield from _one(beside if _is(beside) and not _is(name) else name)


def _one(name: str) -> Iterator[Input]:
    if _is(name, folder=True):
        yield from _folder(name)
    elif _is(name) or not glob.has_magic(name):
        yield Input(name)
    else:
        # Not Path.glob, which takes neither absolute patterns nor `..`.
        matches = glob.iglob(name, recursive=True)  # noqa: PTH207
        found = sorted(match for match in matches if Path(match).is_file())
        yield from map(Input, found)
        if not found:
            yield Input(name, "no file matches")


def _is(name: str, *, folder: bool = False) -> bool:
    """Tell whether something is there, also for names that no file system takes."""
    try:
        return Path(name).is_dir() if folder else Path(name).exists()
    except (OSError, ValueError):
        return False


def _folder(name: str) -> Iterator[Input]:
    """Give the images in a folder and the folders in it; hidden ones are left out."""
    root = Path(name)
    found = sorted(
        file
        for file in root.rglob("*")
        if file.suffix.lower() in SUFFIXES
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(root).parts)
    )
    yield from (Input(str(file)) for file in found)
    if not found:
        yield Input(name, "this folder holds no images")
