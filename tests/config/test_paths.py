from collections.abc import Callable
from pathlib import Path

import pytest

from dltrain.config.loader import load, load_dict

Write = Callable[[str], Path]


def dataset_path(path: Path, overrides: list[str]) -> str:
    dataset = load(path, overrides).config.dataset
    assert dataset is not None
    return str(dataset.dump()["path"])


def test_a_path_in_a_file_is_relative_to_the_file(write: Write, good: str) -> None:
    path = write(good.replace("type: digits", "type: mnist, path: ../data"))
    assert dataset_path(path, []) == str(path.parent.parent / "data")


def test_a_path_in_an_override_is_relative_to_the_current_folder(
    write: Write, good: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    path = write(good.replace("type: digits", "type: mnist, path: data"))
    monkeypatch.chdir(here)
    assert dataset_path(path, ["dataset.path=data"]) == str(here / "data")
    assert dataset_path(path, ["dataset={type: mnist, path: b}"]) == str(here / "b")
    assert dataset_path(path, ["dataset.validation=0.2"]) == str(tmp_path / "data")


def test_the_home_folder_is_worked_out(
    write: Write, good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    path = write(good.replace("type: digits", "type: mnist, path: ~/data"))
    assert dataset_path(path, []) == "/home/somebody/data"


def test_paths_inside_a_nested_mapping_are_made_absolute(write: Write, good: str) -> None:
    idx = "type: idx, train: {images: a, labels: b}"
    path = write(good.replace("type: digits", idx))
    dataset = load(path).config.dataset
    assert dataset is not None
    assert dataset.dump()["train"]["labels"] == str(path.parent / "b")


def test_the_name_is_the_files_stem_unless_it_is_given(write: Write, good: str) -> None:
    path = write(good)
    assert load(path).config.name == "config"
    assert load(path, ["name=other"]).config.name == "other"
    odd = path.rename(path.with_name("..my:config*.yaml"))
    assert load(odd).config.name == "my-config-"


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "", "-x"])
def test_a_name_that_leaves_the_folder_of_runs_is_refused(
    write: Write, good: str, name: str
) -> None:
    from dltrain.core.errors import ConfigError

    with pytest.raises(ConfigError):
        load(write(good), [f"name='{name}'"])


def test_what_is_dumped_reads_back_as_the_same_config(write: Write, good: str) -> None:
    config = load(write(good.replace("type: digits", "type: mnist, path: data"))).config
    assert load_dict(config.dump()).config == config


def test_what_is_dumped_as_yaml_reads_back_as_the_same_config(write: Write, good: str) -> None:
    from dltrain.config.dump import to_yaml

    config = load(write(good), ["name='1e3'", "seed=12"]).config
    assert load(write(to_yaml(config.dump()))).config == config
