"""A checkpoint that cannot be trusted ends with 5, is named, and is left as it was."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.conftest import SMALL
from tests.e2e.conftest import Run, contents


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def cut_in_header(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip_tensor(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)


def flip_description(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[content.index(b"class_names") + 2] ^= 1
    path.write_bytes(content)


def make_foreign(path: Path) -> None:
    save_file({"weight": np.ones(3, np.float32)}, path, metadata={"format": "pt"})


def make_pickle(path: Path) -> None:
    path.write_bytes(b"\x80\x04\x95\x0f\x00\x00\x00\x00\x00\x00\x00\x8c\x02os")


DAMAGES = {
    truncate: "not a whole safetensors file",
    cut_in_header: "not a whole safetensors file",
    empty: "not a whole safetensors file",
    flip_tensor: "damaged: its sha256",
    flip_description: "damaged",
    make_foreign: "not written by dltrain",
    make_pickle: "not a whole safetensors file",
}
Damage = Callable[[Path], None]


@pytest.fixture
def folder(here: Path, trained: Path) -> Path:
    """Give a copy of a finished run, and its config beside the folder of runs."""
    (here / "small.yaml").write_text(SMALL, encoding="utf-8")
    return Path(shutil.copytree(trained, here / "runs" / "small"))


@pytest.mark.parametrize(("damage", "said"), DAMAGES.items(), ids=lambda item: str(item)[:40])
@pytest.mark.parametrize("command", ["evaluate", "predict", "summary"])
def test_damage_is_refused_by_whatever_reads_the_checkpoint(
    run: Run, folder: Path, command: str, damage: Damage, said: str
) -> None:
    best = folder / "checkpoints" / "best.safetensors"
    damage(best)
    before = contents(folder)
    image = ["image.png"] if command == "predict" else []
    run(command, "runs/small", *image).refused(5, "best.safetensors", said, "try ")
    assert contents(folder) == before


@pytest.mark.parametrize(("damage", "said"), DAMAGES.items(), ids=lambda item: str(item)[:40])
def test_a_resume_from_damage_is_refused_and_changes_nothing(
    run: Run, folder: Path, damage: Damage, said: str
) -> None:
    damage(folder / "checkpoints" / "last.safetensors")
    (folder / "result.json").unlink()
    before = contents(folder)
    run("fit", "small.yaml", "--resume").refused(5, "last.safetensors", said, "try ")
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("runs/smal", ["no such checkpoint or run", "did you mean `runs/small`?"]),
        ("runs/smal@last", ["no such run", "did you mean `runs/small`?"]),
        ("away.safetensors", ["no such checkpoint or run"]),
        ("small.yaml", ["a config, not a checkpoint", "dltrain fit small.yaml"]),
        ("runs", ["holds no checkpoints", "runs/NAME"]),
    ],
)
@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_what_is_no_checkpoint_at_all_exits_2(
    run: Run, folder: Path, command: str, name: str, words: list[str]
) -> None:
    image = ["image.png"] if command == "predict" else []
    run(command, name, *image).refused(2, *words)


def test_the_other_checkpoint_of_a_damaged_run_still_serves(run: Run, folder: Path) -> None:
    truncate(folder / "checkpoints" / "best.safetensors")
    outcome = run("evaluate", "runs/small@last")
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("test  loss ")
