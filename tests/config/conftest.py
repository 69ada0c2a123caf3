from collections.abc import Callable
from pathlib import Path

import pytest

GOOD = """\
version: 1
dataset: {type: digits, validation: 0.1}
model:
  layers:
    - flatten
    - {type: dense, units: 16, activation: relu}
    - {type: dense, units: 10, activation: softmax}
optimizer: {type: adam, learning_rate: 1e-3}
training:
  loss: categorical_crossentropy
  metrics: [accuracy]
  epochs: 2
"""


@pytest.fixture
def good() -> str:
    return GOOD


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
