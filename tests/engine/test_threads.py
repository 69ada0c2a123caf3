from __future__ import annotations

import os
from pathlib import Path
from time import sleep

import numpy as np
import pytest

from dltrain.engine import threads
from dltrain.engine.network import Network
from dltrain.engine.threads import Team, available, shared_team
from dltrain.layers.base import Layer


def limit(monkeypatch: pytest.MonkeyPatch, root: Path, cpus: int) -> None:
    """Pretend that the process may run on `cpus` CPUs, under the cgroup in a folder."""
    found = threads._cgroup_limit(root)
    monkeypatch.setattr(threads, "_cgroup_limit", lambda: found)
    everywhere = set(range(cpus))
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: everywhere, raising=False)


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    ("content", "count"),
    [("max 100000\n", 16), ("200000 100000\n", 2), ("250000 100000", 3), ("5000 100000\n", 1),
     ("6400000 100000\n", 16), ("", 16), ("nonsense\n", 16)],
)  # fmt: skip
def test_a_cgroup_v2_quota_limits_the_threads(
    content: str, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"cpu.max": content})
    limit(monkeypatch, tmp_path, cpus=16)
    assert available() == count


@pytest.mark.parametrize(("quota", "count"), [("-1\n", 16), ("300000\n", 3), ("50000\n", 1)])
def test_a_cgroup_v1_quota_limits_the_threads(
    quota: str, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"cpu/cpu.cfs_quota_us": quota, "cpu/cpu.cfs_period_us": "100000\n"})
    limit(monkeypatch, tmp_path, cpus=16)
    assert available() == count


def test_without_a_cgroup_the_affinity_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, tmp_path, cpus=3)
    assert available() == 3


def test_without_affinities_the_processors_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, tmp_path, cpus=3)
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert available() == 5


@pytest.mark.parametrize("pause", [0.0, 0.01])
def test_every_thread_of_a_team_takes_part_awake_or_asleep(pause: float) -> None:
    layers = (Layer.parse({"type": "dense", "units": 3}),)
    network = Network.build(layers, input_shape=(5,), threads=4)
    program = network.program(batch_size=64)
    x = np.ones((64, 5), np.float32)
    for _ in range(30):
        # The last barrier counts the threads: a run returns only when all four took part.
        program.run([x])
        sleep(pause)


def test_a_team_keeps_its_members_from_one_program_to_the_next() -> None:
    team = Team()
    assert team is not shared_team()
    assert shared_team() is shared_team()
