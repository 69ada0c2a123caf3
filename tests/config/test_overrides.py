from collections.abc import Callable
from pathlib import Path

import pytest

from dltrain.config.loader import load, load_dict, read

Write = Callable[[str], Path]


def test_overrides_replace_values_of_the_file(write: Write, good: str) -> None:
    overrides = ["training.epochs=9", "model.layers.1.units=8", "optimizer=sgd", "seed=0x10"]
    config = load(write(good), overrides).config
    assert config.training.epochs == 9
    assert config.model.expand()[1].dump()["units"] == 8
    assert config.optimizer.type_name == "sgd"
    assert config.seed == 16


def test_later_overrides_win(write: Write, good: str) -> None:
    assert load(write(good), ["seed=1", "seed=2"]).config.seed == 2


@pytest.mark.parametrize("key", ["model.layers[-1].units", "model.layers.-1.units"])
def test_the_last_of_a_list_is_reached_from_its_end(write: Write, good: str, key: str) -> None:
    assert load(write(good), [f"{key}=classes"]).config.model.expand()[-1].dump()["units"] == (
        "classes"
    )


def test_a_key_under_a_bare_name_keeps_the_name(write: Write, good: str) -> None:
    text = good.replace("{type: adam, learning_rate: 1e-3}", "adam")
    config = load(write(text), ["optimizer.learning_rate=1e-2"]).config
    assert config.optimizer.dump()["type"] == "adam"
    assert config.optimizer.dump()["learning_rate"] == 0.01


def test_overrides_may_add_keys_that_the_file_lacks(write: Write, good: str) -> None:
    config = load(write(good), ["training.checkpoint.mode=max"]).config
    assert config.training.checkpoint.mode == "max"


@pytest.mark.parametrize(
    ("override", "place", "said"),
    [
        ("training.epoch=3", "--set training.epoch", "unknown key `epoch`"),
        ("model.layers.1.units=x", "--set model.layers.1.units", "whole number"),
        ("model.layers.7.units=3", "--set model.layers.7.units", "has 3 entries"),
        ("seed.x=3", "--set seed.x", ""),
        ("seed", "--set seed", "no value is given"),
        ("=3", "--set ", "not the path of a key"),
        ("a..b=3", "--set a..b", "not the path of a key"),
        ("seed=[", "--set seed", "not YAML"),
        (
            "optimizer.learning_rate=!!python/name:os.system x",
            "--set optimizer.learning_rate",
            "tag",
        ),
    ],
)
def test_a_wrong_override_is_located(
    write: Write, good: str, override: str, place: str, said: str
) -> None:
    (problem,) = read(write(good), [override]).problems
    assert problem.file == place
    assert said in problem.message
    assert problem.line is None


def test_an_override_can_put_a_mistake_of_the_file_right(write: Write, good: str) -> None:
    assert load(write(good.replace("epochs: 2", "epochs: x")), ["training.epochs=4"])


def test_a_mapping_takes_overrides_and_is_not_changed() -> None:
    mapping = {
        "dataset": "digits",
        "model": {"layers": ("flatten", {"type": "dense", "units": 10})},
        "optimizer": "adam",
        "training": {"loss": "mean_squared_error"},
    }
    config = load_dict(mapping, {"training.epochs": 3}).config
    assert config.training.epochs == 3
    assert mapping["training"] == {"loss": "mean_squared_error"}


def test_a_mapping_with_a_mistake_names_its_path() -> None:
    (problem,) = [
        problem
        for problem in read_problems({"dataset": "digits", "optimizer": {"type": "adam", "x": 1}})
        if "unknown" in problem
    ]
    assert "`x`" in problem


def read_problems(mapping: dict[str, object]) -> list[str]:
    from dltrain.config.loader import read_dict

    return [problem.message for problem in read_dict(mapping).problems]
