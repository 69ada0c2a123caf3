from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dltrain.cli.app import main

ROOT = Path(__file__).resolve().parents[2]

Run = Callable[..., str]


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder that holds what a clone holds, so that runs are written elsewhere."""
    for name in ("configs", "datasets"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line that has to succeed; give its standard output."""

    def run(*arguments: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        said = capsys.readouterr()
        assert not ended.value.code, said.err
        return said.out

    return run
