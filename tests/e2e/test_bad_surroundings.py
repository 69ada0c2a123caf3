"""Disks that are full, folders that may not be written, numbers that run away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dltrain.data.sources.digits import bundled_folder
from dltrain.storage import checkpoint
from tests.e2e.conftest import (
    Outcome,
    Run,
    command,
    contents,
    prepared,
    small_files,
    spawn,
    surroundings,
)

# Root may write anywhere; without this capability, and after an exec, permissions hold for it too.
_POWERLESS = """
import ctypes
if os.geteuid() == 0 and ctypes.CDLL(None).prctl(24, 1, 0, 0, 0) != 0:
    sys.exit("permissions do not hold here")
"""


def powerless(*arguments: object) -> Outcome:
    """Run a command with a user's permissions; skip where they cannot be had."""
    outcome = spawn(prepared(_POWERLESS, *arguments))
    if "permissions do not hold here" in outcome.err:
        pytest.skip("root cannot put its powers aside here")
    return outcome


def test_a_folder_of_runs_that_may_not_be_written_exits_5(good: Path) -> None:
    Path("runs").mkdir(mode=0o555)
    outcome = powerless("fit", good)
    outcome.refused(5, "no permission to write", "runs/good", "try ")
    assert list(Path("runs").iterdir()) == []


def test_a_run_that_may_not_be_written_is_not_gone_on_with(run: Run, good: Path) -> None:
    assert run("fit", good, "-q").code == 0
    folders = [Path("runs/good"), Path("runs/good/checkpoints")]
    before = contents(folders[0])
    for folder in folders:
        folder.chmod(0o555)
    outcome = powerless("fit", good, "--resume", "--set", "training.epochs=2")
    for folder in folders:
        folder.chmod(0o755)
    outcome.refused(5, "no permission to write", "runs/good", "try ")
    assert {**contents(folders[0]), ".lock": b""} == {**before, ".lock": b""}


def test_a_file_where_the_runs_should_be_is_kept(run: Run, good: Path) -> None:
    Path("runs").write_text("mine", encoding="utf-8")
    run("fit", good).refused(5, "a file is where a folder should be", "runs", "not changed")
    assert Path("runs").read_text(encoding="utf-8") == "mine"


def test_a_second_fit_takes_another_folder(run: Run, good: Path) -> None:
    assert run("fit", good, "-q").code == 0
    first = contents(Path("runs/good"))
    assert run("fit", good, "-q", "--set", "seed=1").code == 0
    assert contents(Path("runs/good")) == first
    assert Path("runs/good-2/result.json").is_file()


def test_force_keeps_away_from_what_is_no_run(run: Run, good: Path) -> None:
    Path("runs/good").mkdir(parents=True)
    Path("runs/good/thesis.tex").write_text("years of work", encoding="utf-8")
    run("fit", good, "--force").refused(5, "not a run", "thesis.tex", "--name")
    assert contents(Path("runs")) == {"good/thesis.tex": b"years of work"}


def test_a_full_disk_exits_5_and_harms_no_other_run(run: Run, good: Path) -> None:
    assert run("fit", good, "-q").code == 0
    before = contents(Path("runs/good"))
    outcome = spawn(small_files(10_000, "fit", good))
    outcome.refused(5, "the disk is full", "last.safetensors", "make room")
    assert contents(Path("runs/good")) == before
    assert list(Path("runs/good-2").rglob("*.part")) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("words", [["schema"], ["list", "layers"]])
def test_a_full_disk_behind_standard_output_exits_5(words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        spawn(command(*words), stdout=full).refused(5, "the disk is full", "standard output")


def test_results_that_cannot_be_written_leave_the_file_that_was_there(
    run: Run, here: Path, trained: Path
) -> None:
    images = bundled_folder() / "examples"
    run("predict", trained, images, "-o", "away/labels.csv").refused(5, "no such folder", "mkdir")
    for words in (["schema"], ["init"], ["predict", trained, images]):
        run(*words, "-o", here).refused(2, "this is a folder", "name a file in it")
    assert contents(here) == {}
    (here / "labels.csv").write_text("kept", encoding="utf-8")
    words = small_files(10, "predict", trained, images, "-o", "labels.csv")
    spawn(words).refused(5, "the disk is full", "labels.csv")
    assert contents(here) == {"labels.csv": b"kept"}


def test_a_learning_rate_that_diverges_exits_4_and_leaves_finite_weights(
    run: Run, good: Path
) -> None:
    outcome = run("fit", good, "--set", "optimizer.learning_rate=1e30")
    outcome.refused(4, "not finite at step 2", "dense_", "learning_rate")
    saved = checkpoint.load(Path("runs/good/checkpoints/last.safetensors"))
    assert all(abs(tensor).max(initial=0) < 1e6 for tensor in saved.tensors.values())
    assert not Path("runs/good/result.json").exists()


def test_a_kernel_cache_that_cannot_be_written_is_a_warning(good: Path) -> None:
    blocked = Path("cache")
    blocked.write_bytes(b"")
    env = surroundings(DLTRAIN_CACHE_DIR=str(blocked.resolve()))
    outcome = spawn(command("fit", good), env=env)
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("test  loss ")
    assert outcome.err.count("warning:") == 1
    assert "DLTRAIN_CACHE_DIR" in outcome.err
    assert json.loads(Path("runs/good/result.json").read_bytes())["samples"] == 359


def test_a_kernel_cache_on_a_full_disk_is_gone_without(trained: Path, here: Path) -> None:
    env = surroundings(DLTRAIN_CACHE_DIR=str(here / "cache"))
    outcome = spawn(small_files(100, "evaluate", trained), env=env)
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("test  loss ")
    assert "Traceback" not in outcome.err
    assert not any(contents(here).values())
