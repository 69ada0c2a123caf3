"""Kernels kept between processes: found again, never stale, and never in the way."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dltrain.kernels import cache
from dltrain.kernels.objects import CompiledKernel

ROOT = Path(__file__).parents[2]
CHILD = """
import hashlib, json, sys, warnings
import numpy as np
import dltrain
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    layers = [{"type": "dense", "units": 3, "activation": "tanh"}]
    config = {"model": {"layers": layers}, "optimizer": "sgd",
              "training": {"loss": "mean_squared_error"}}
    network = dltrain.build(config, input_shape=(5,))
    y = network.forward(np.arange(20, dtype=np.float32).reshape(4, 5) / 20)
print(json.dumps({
    "bits": hashlib.sha256(y.tobytes()).hexdigest(),
    "finite": bool(abs(y).max() < 1),
    "compiler": "numba" in sys.modules,
    "warnings": [str(warning.message) for warning in caught],
}))
"""


def start(folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "DLTRAIN_CACHE_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", CHILD], env=environment, stdout=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    found: dict[str, Any] = json.loads(output)
    return found


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Give a cache that two processes filled at once, and what the first of them found."""
    folder = tmp_path_factory.mktemp("cache") / "not yet there"
    processes = [start(folder), start(folder)]
    first, second = (finish(process) for process in processes)
    assert first["bits"] == second["bits"]
    assert first["warnings"] + second["warnings"] == []
    return folder, first


def files(folder: Path) -> list[Path]:
    return sorted((folder / "kernels").glob("*/*"))


def test_two_processes_can_fill_an_empty_cache_at_once(
    filled: tuple[Path, dict[str, Any]],
) -> None:
    folder, found = filled
    assert found["finite"]
    assert {path.suffix for path in files(folder)} == {"", ".kernel"}, "nothing half-written"
    kept = [CompiledKernel.unpack(path.read_bytes()) for path in files(folder) if path.suffix]
    assert kept
    assert None not in kept


def test_a_process_that_finds_its_kernels_needs_no_compiler(
    filled: tuple[Path, dict[str, Any]],
) -> None:
    folder, found = filled
    before = {path: path.stat().st_mtime_ns for path in files(folder)}
    again = finish(start(folder))
    assert again == {**found, "compiler": False}
    after = {path: path.stat().st_mtime_ns for path in files(folder)}
    assert {path for path in after if path.suffix and after[path] != before.get(path)} == set()


def test_a_damaged_kernel_is_compiled_anew(
    filled: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder, found = filled
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    damaged = [path for path in files(copy) if path.name.startswith("multiply")]
    damaged[0].write_bytes(damaged[0].read_bytes()[:-1000])
    assert finish(start(copy)) == {**found, "compiler": True}
    assert CompiledKernel.unpack(damaged[0].read_bytes()) is not None


def test_a_cache_that_cannot_be_written_is_a_warning(
    filled: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("where a folder should be")
    found = finish(start(blocked))
    assert found["bits"] == filled[1]["bits"]
    (message,) = found["warnings"]
    assert str(blocked) in message
    assert "not writable" in message
    assert "DLTRAIN_CACHE_DIR" in message


CONTENT = CompiledKernel("symbol", bytes(range(256))).pack()


@given(place=st.integers(0, len(CONTENT) - 1), bit=st.integers(0, 7))
def test_no_flipped_bit_of_a_kept_kernel_goes_unnoticed(place: int, bit: int) -> None:
    damaged = bytearray(CONTENT)
    damaged[place] ^= 1 << bit
    assert CompiledKernel.unpack(bytes(damaged)) is None


@given(length=st.integers(0, len(CONTENT) - 1))
def test_no_truncated_kernel_is_taken(length: int) -> None:
    assert CompiledKernel.unpack(CONTENT[:length]) is None
    assert CompiledKernel.unpack(CONTENT) == CompiledKernel("symbol", bytes(range(256)))


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a copy of the kernels' sources that the fingerprint is taken of."""
    package = Path(cache.__file__).parents[1]
    for part in ("kernels", "core"):
        shutil.copytree(package / part, tmp_path / part)
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "kernels" / "cache.py"))
    return tmp_path


@pytest.mark.parametrize("name", ["kernels/tile.py", "kernels/functions.py", "core/cells.py"])
def test_any_change_of_a_source_makes_another_cache(sources: Path, name: str) -> None:
    before = cache.fingerprint()
    assert before == cache.fingerprint()
    path = sources / name
    path.write_text(path.read_text() + "\n")
    assert cache.fingerprint() != before


def test_a_new_source_makes_another_cache(sources: Path) -> None:
    before = cache.fingerprint()
    (sources / "kernels" / "empty.py").touch()
    assert cache.fingerprint() != before


def test_other_compilers_and_processors_have_caches_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = {cache.fingerprint()}
    with monkeypatch.context() as changed:
        changed.setattr(cache, "version", lambda package: "0.0")
        found.add(cache.fingerprint())
    with monkeypatch.context() as changed:
        changed.setattr("dltrain.kernels.cache.llvm.get_host_cpu_name", lambda: "abacus")
        found.add(cache.fingerprint())
    with monkeypatch.context() as changed:
        changed.setattr(sys, "version", "4.0")
        found.add(cache.fingerprint())
    assert len(found) == 4
