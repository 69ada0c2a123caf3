from __future__ import annotations

import os
from pathlib import Path

import pytest

from dltrain.engine import threads
from dltrain.engine.threads import Team, available


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


def test_a_team_calls_a_job_once_on_each_thread() -> None:
    from threading import Barrier

    team = Team()
    for count in (1, 3, 2):
        seen: list[int] = []
        together = Barrier(count)

        def job(thread: int, seen: list[int] = seen, together: Barrier = together) -> None:
            seen.append(thread)
            together.wait(timeout=60)  # a job returns once all threads have taken part

        team.run(job, count)
        assert sorted(seen) == list(range(count))
