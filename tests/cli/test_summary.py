import json
from pathlib import Path

from tests.cli.conftest import Run


def test_a_config_gives_a_table_with_totals(run: Run, config: Path) -> None:
    code, out, err = run("summary", config)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].split() == ["total", "1,210", "1,184"]


def test_json_gives_the_same(run: Run, config: Path) -> None:
    assert json.loads(run("summary", config, "--json")[1])["parameters"] == 1210


def test_a_wrong_config_exits_2(run: Run, config: Path) -> None:
    assert run("summary", config, "--set", "model.layers.1.units=0")[0] == 2


def test_an_absent_file_exits_2(run: Run, tmp_path: Path) -> None:
    assert run("summary", tmp_path / "absent.yaml")[0] == 2
    assert run("summary", tmp_path / "absent")[0] == 2
