"""The command line as a user has it: in this process for speed, in its own where that matters."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dltrain.cli.app import main

ROOT = Path(__file__).resolve().parents[2]

GOOD = """\
version: 1
dataset: {type: digits, validation: 0.1}
model:
  layers:
    - flatten
    - {type: dense, units: 16, activation: relu}
    - {type: dense, units: 10, activation: softmax}
optimizer: {type: adam, learning_rate: 1e-2}
training:
  loss: categorical_crossentropy
  metrics: [accuracy]
  epochs: 1
"""


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    def refused(self, code: int, *words: str) -> None:
        """Hold a refusal to its form: the exit code, every word, results nowhere, no traceback."""
        assert "Traceback" not in self.err
        assert self.code == code, self.err
        assert [word for word in words if word not in self.err] == [], self.err
        assert self.out == ""


Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line in this process."""

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder, offline."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DLTRAIN_OFFLINE", "1")
    return folder


@pytest.fixture
def good(here: Path) -> Path:
    """Give a config that trains in a moment, in the current folder."""
    path = here / "good.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def contents(folder: Path) -> dict[str, bytes]:
    """Read every file under a folder: what a refused command must leave as it was."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def command(*arguments: object) -> list[str]:
    """Give the words that start dltrain in a process of its own."""
    return [sys.executable, "-m", "dltrain", *map(str, arguments)]


def surroundings(**changes: str) -> dict[str, str]:
    """Give an environment in which that process finds the package."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **changes}


def prepared(program: str, *arguments: object) -> list[str]:
    """Give the words that start dltrain after some lines of Python have changed its process."""
    start = "os.execv(sys.executable, [sys.executable, '-m', 'dltrain', *sys.argv[1:]])"
    return [sys.executable, "-c", f"import os, sys\n{program}\n{start}", *map(str, arguments)]


def small_files(size: int, *arguments: object) -> list[str]:
    """Give the words that start dltrain where no file may grow beyond this: a full disk."""
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"
    return prepared(limit, *arguments)


def spawn(words: Sequence[str], **options: Any) -> Outcome:
    """Run a command in a process of its own."""
    options = {"env": surroundings(), "stdout": subprocess.PIPE, **options}
    done = subprocess.run(words, stderr=subprocess.PIPE, text=True, check=False, **options)
    return Outcome(done.returncode, done.stdout or "", done.stderr)
