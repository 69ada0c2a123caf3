"""A training that does not fit into memory is refused before any is taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import dltrain
from dltrain.core.errors import ConfigError
from dltrain.engine.limits import available_memory, largest_batch
from dltrain.training import memory


def test_a_layer_of_a_million_million_units_is_refused_with_both_numbers(tmp_path: Path) -> None:
    config = _config(units=10**12)
    with pytest.raises(ConfigError, match="GB of memory beside the data") as raised:
        dltrain.fit(config, runs=tmp_path)
    assert raised.value.problems[0].hint == "use a smaller network"


def test_the_largest_batch_that_fits_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 2_000_000)
    config = _config(units=64)
    config["training"]["batch_size"] = 1024
    with pytest.raises(ConfigError) as raised:
        dltrain.fit(config, runs=tmp_path)
    problem = raised.value.problems[0]
    assert problem.path == "training.batch_size"
    assert problem.hint is not None
    assert problem.hint.startswith("the largest batch that fits is ")


def test_the_largest_batch_is_found_to_the_sample() -> None:
    assert largest_batch(lambda batch: 10 * batch, 375, 64) == 37
    assert largest_batch(lambda batch: 10 * batch, 5, 64) == 0


@pytest.mark.parametrize(
    ("names", "values"),
    [
        (("memory.max", "memory.current"), ("3000", "1000")),
        (("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"), ("3000", "1000")),
    ],
)
def test_a_cgroup_limit_counts_less_what_is_held(
    tmp_path: Path, names: tuple[str, str], values: tuple[str, str]
) -> None:
    for name, value in zip(names, values, strict=True):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(value)
    assert available_memory(tmp_path) == 2000


def test_no_cgroup_limit_leaves_the_memory_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("max")
    room = available_memory(tmp_path)
    assert room is None or room > 2**20


def _config(*, units: int) -> dict[str, Any]:
    layers: list[Any] = ["flatten", {"type": "dense", "units": units}]
    layers += [{"type": "dense", "units": "classes", "activation": "softmax"}]
    return {
        "dataset": {"type": "digits"},
        "model": {"layers": layers},
        "optimizer": "adam",
        "training": {"loss": "categorical_crossentropy"},
    }
