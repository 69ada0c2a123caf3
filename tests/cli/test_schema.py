import json
from pathlib import Path

from tests.cli.conftest import Run


def test_the_schema_is_printed(run: Run) -> None:
    code, out, err = run("schema")
    assert (code, err) == (0, "")
    assert "training" in json.loads(out)["properties"]


def test_the_schema_is_written_to_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    code, out, _ = run("schema", "-o", path)
    assert (code, out) == (0, "")
    assert json.loads(path.read_text())["$defs"]
    assert [file.name for file in tmp_path.iterdir()] == ["schema.json"]


def test_a_folder_that_is_not_there_exits_5(run: Run, tmp_path: Path) -> None:
    code, _, err = run("schema", "-o", tmp_path / "no" / "schema.json")
    assert code == 5
    assert "cannot write" in err
