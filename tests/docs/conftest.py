from __future__ import annotations

import gzip
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

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


@pytest.fixture
def small_text(tmp_path: Path) -> Path:
    """Write a short text."""
    path = tmp_path / "text.txt"
    path.write_text("What is a day? A night that has seen the sun.\n" * 60)
    return path


@pytest.fixture
def small_sentences(tmp_path: Path) -> Path:
    """Write a few sentences with labels."""
    path = tmp_path / "sentences.tsv"
    path.write_text("a fine , moving film\t1\nit is dull\t0\n" * 40)
    return path


@pytest.fixture
def small_mnist(tmp_path: Path) -> Path:
    """Write a few random images under the names of MNIST's files."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for name, count in (("train", 200), ("t10k", 40)):
        images = generator.integers(0, 256, (count, 28, 28), np.uint8)
        _write_idx(folder / f"{name}-images-idx3-ubyte.gz", images)
        _write_idx(folder / f"{name}-labels-idx1-ubyte.gz", np.arange(count, dtype=np.uint8) % 10)
    return folder


@pytest.fixture
def small_cifar10(tmp_path: Path) -> Path:
    """Write a few random images under the names of CIFAR-10's files."""
    folder = tmp_path / "cifar10"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for name, count in (("data_batch_1", 200), ("test_batch", 40)):
        records = generator.integers(0, 256, (count, 1 + 3 * 32 * 32), np.uint8)
        records[:, 0] = np.arange(count) % 10
        (folder / f"{name}.bin").write_bytes(records.tobytes())
    return folder


def _write_idx(path: Path, array: NDArray[np.uint8]) -> None:
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes()))
