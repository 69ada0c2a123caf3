"""What the README says is so: commands run, files exist, names are those of dltrain."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dltrain.cli.app import main
from dltrain.config.loader import load
from tests.docs.conftest import ROOT, Run

PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """Give the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def table_commands() -> list[list[str]]:
    """Give the command lines of the table of commands."""
    lines = re.findall(r"^\| `dltrain ([^`]+)` \|", README, re.MULTILINE)
    return [shlex.split(line) for line in lines]


def listed() -> Iterator[tuple[str, set[str]]]:
    """Give each kind in the list of names, with its names."""
    part = README.split("<!-- names: begin -->")[1].split("<!-- names: end -->")[0]
    for kind, names in re.findall(r"^- \*\*(\w+)\*\*(.*)$", part, re.MULTILINE):
        yield kind.lower(), set(re.findall(r"`(\w+)`", names))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_that_exist(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text())
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (ROOT / link).exists()] == []


def test_one_line_installs_and_trains_and_one_installs_and_tests() -> None:
    first, second = (block.strip().splitlines() for block in blocks("")[:2])
    assert len(first) == len(second) == 1
    assert first[0].endswith("dltrain fit configs/digits.yaml")
    assert second[0].endswith("pytest")


def test_commands_of_the_table_run_one_after_another(run: Run, clone: Path) -> None:
    commands = table_commands()
    assert {command[0] for command in commands} >= {"fit", "evaluate", "predict"}
    for command in commands:
        run(*command, *(["--set", "training.epochs=1"] if command[0] == "fit" else []))


def test_yaml_of_the_tour_is_a_config_without_mistakes(tmp_path: Path) -> None:
    (config,) = (block for block in blocks("yaml") if block.startswith("version"))
    path = tmp_path / "tour.yaml"
    path.write_text(config)
    assert load(path).config.training.epochs == 5


def test_mistake_of_the_tour_is_reported_as_shown(
    clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shown,) = (block for block in blocks("text") if block.startswith("error"))
    (clone / "configs" / "mnist.yaml").write_text(
        "dataset: mnist\n"
        "model:\n"
        "  layers:\n"
        "    - {type: conv2d, filters: 32, kernel_size: 3, activation: relu}\n"
        "    - {type: dense, units: 10, activation: softmax}\n"
        "optimizer: adam\n"
        "training: {loss: categorical_crossentropy}\n"
    )
    with pytest.raises(SystemExit):
        main(["validate", "configs/mnist.yaml"])
    assert capsys.readouterr().err.split() == shown.split()


def test_python_of_the_tour_runs(clone: Path) -> None:
    (code,) = blocks("python")
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own README
    assert names["model"].predict(names["images"]).shape == (1, 10)


@pytest.mark.parametrize(("kind", "names"), [pytest.param(*row, id=row[0]) for row in listed()])
def test_names_of_the_readme_are_those_of_dltrain_list(
    kind: str, names: set[str], run: Run
) -> None:
    table = run("list", kind).splitlines()[2:]
    # An activation's name is a layer too; the README names it once.
    others = dict(listed())["activations"] if kind == "layers" else set()
    assert {line.split()[0] for line in table} == names | others
