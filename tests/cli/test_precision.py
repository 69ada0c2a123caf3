"""A precision that this computer cannot train in is refused where the config asks for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def half_config(config: Path) -> Path:
    """Give a config that asks for bfloat16 in its line 9, after 11 characters."""
    text = config.read_text().replace(
        "training: {loss: categorical_crossentropy, metrics: [accuracy]}",
        "training:\n  precision: bfloat16\n  loss: categorical_crossentropy",
    )
    config.write_text(text)
    return config


def problems(run: Run, *arguments: str | Path) -> list[dict[str, Any]]:
    code, out, _ = run("validate", *arguments, "--json")
    assert code == 2
    found: list[dict[str, Any]] = json.loads(out)["problems"]
    return found


def test_an_older_cpu_refuses_bfloat16_where_it_stands(
    run: Run, half_config: Path, older_cpu: None
) -> None:
    (problem,) = problems(run, half_config)
    assert (problem["file"], problem["line"], problem["column"]) == (str(half_config), 9, 14)
    assert problem["path"] == "training.precision"
    assert problem["allowed"] == "float32"
    assert "AVX512-BF16" in problem["message"]
    assert "leave precision out" in problem["hint"]


@pytest.mark.parametrize("command", ["validate", "fit", "benchmark"])
def test_a_refusal_of_bfloat16_shows_the_place_and_ends_with_2(
    run: Run, half_config: Path, older_cpu: None, tmp_path: Path, command: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    code, out, err = run(command, half_config)
    assert (code, out) == (2, "")
    assert f"{half_config}:9:14" in err
    assert "float32" in err
    assert "Traceback" not in err
    assert not (tmp_path / "runs").exists()


def test_bfloat16_is_refused_beside_other_mistakes(
    run: Run, half_config: Path, older_cpu: None
) -> None:
    half_config.write_text(half_config.read_text().replace("units: 10", "units: 7"))
    found = problems(run, half_config)
    assert [each["path"] for each in found] == ["model.layers[2].units", "training.precision"]


def test_bfloat16_is_refused_though_the_data_are_not_there(
    run: Run, half_config: Path, older_cpu: None
) -> None:
    found = problems(run, half_config, "--set", "dataset={type: npz, path: absent.npz}")
    assert "training.precision" in [each["path"] for each in found]


def test_an_older_cpu_trains_in_float32_that_is_asked_for(
    run: Run, half_config: Path, older_cpu: None
) -> None:
    assert run("validate", half_config, "--set", "training.precision=float32")[0] == 0


def test_an_unknown_precision_names_what_is_allowed(run: Run, half_config: Path) -> None:
    half_config.write_text(half_config.read_text().replace("bfloat16", "float16"))
    (problem,) = problems(run, half_config)
    assert (problem["line"], problem["path"]) == (9, "training.precision")
    assert problem["message"].startswith("expected 'float32' or 'bfloat16'")
    assert problem["hint"] == "did you mean `bfloat16`?"
