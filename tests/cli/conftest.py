from collections.abc import Callable
from pathlib import Path

import pytest

from dltrain.cli.app import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line in this process; give exit code, standard output, standard error."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(
        "dataset: {type: digits, validation: 0.1}\n"
        "model:\n"
        "  layers:\n"
        "    - flatten\n"
        "    - {type: dense, units: 16, activation: relu}\n"
        "    - {type: dense, units: 10, activation: softmax}\n"
        "optimizer: adam\n"
        "training: {loss: categorical_crossentropy, metrics: [accuracy]}\n"
    )
    return path
