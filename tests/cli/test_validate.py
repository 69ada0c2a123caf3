import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_a_good_config_shows_shapes_parameters_and_memory(run: Run, config: Path) -> None:
    code, out, err = run("validate", config)
    assert (code, err) == (0, "")
    assert "dense_1" in out
    assert "(16,)" in out
    assert "1,210" in out
    assert "memory" in out


def test_json_holds_layers_parameters_and_memory(run: Run, config: Path) -> None:
    code, out, _ = run("validate", config, "--json")
    said = json.loads(out)
    assert code == 0
    assert said["problems"] == []
    assert said["layers"][0] == {
        "name": "flatten_1",
        "type": "flatten",
        "output_shape": [64],
        "parameters": 0,
        "frozen": 0,
        "multiply_adds": 0,
    }
    assert said["parameters"] == 64 * 16 + 16 + 16 * 10 + 10
    assert said["memory"] > 4 * said["parameters"]


def test_json_holds_every_problem_with_its_place(run: Run, config: Path) -> None:
    config.write_text(config.read_text().replace("adam", "adamm").replace("units: 16", "unit: 16"))
    code, out, err = run("validate", config, "--json")
    first, second = json.loads(out)["problems"]
    assert code == 2
    assert (first["file"], first["line"], first["column"]) == (str(config), 5, 21)
    assert first["path"] == "model.layers[1].unit"
    assert second["hint"] == "did you mean `adam`?"
    assert "units" in first["allowed"]
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("override", "path", "said"),
    [
        ("model.layers.2.units=7", "model.layers[2].units", "10 classes"),
        ("model.layers.2.activation=relu", "model.layers[2].activation", "softmax"),
        ("model.layers.0={type: conv2d, filters: 4, kernel_size: 30}",
         "model.layers[0].kernel_size", "8"),
        ("model.layers.0=relu", "model.layers[1]", "dense takes"),
        ("dataset.augment=[{type: random_crop, padding: 4}]", "", ""),
    ],
)  # fmt: skip
def test_an_impossible_shape_is_a_config_error(
    run: Run, config: Path, override: str, path: str, said: str
) -> None:
    code, _, err = run("validate", config, "--set", override)
    if not path:
        assert code == 0
        return
    assert code == 2
    assert path in err
    assert said in err
    assert "history  input (8, 8, 1)" in err


def test_a_shape_shows_beside_mistakes_further_down(run: Run, config: Path) -> None:
    text = config.read_text().replace("- flatten", "- relu").replace("units: 10", "unit: 10")
    config.write_text(text.replace("metrics", "metric"))
    code, _, err = run("validate", config)
    assert code == 2
    assert [word in err for word in ("dense takes", "`unit`", "`metric`")] == [True] * 3
    assert err.count("error:") == 3


def test_a_metric_that_is_not_validated_cannot_choose_the_best(run: Run, config: Path) -> None:
    code, _, err = run(
        "validate",
        config,
        "--set",
        "dataset.validation=null",
        "--set",
        "training.checkpoint.monitor=val_accuracy",
    )
    assert code == 2
    assert "add `dataset.validation`" in err


def test_wrong_data_alone_exit_3(run: Run, config: Path, tmp_path: Path) -> None:
    absent = f"dataset={{type: mnist, path: {tmp_path}/absent}}"
    code, out, err = run("validate", config, "--set", absent)
    assert (code, out) == (3, "")
    assert "absent" in err


def test_wrong_data_and_a_wrong_config_exit_2(run: Run, config: Path, tmp_path: Path) -> None:
    absent = f"dataset={{type: mnist, path: {tmp_path}/absent}}"
    code, out, _ = run("validate", config, "--json", "--set", absent, "--set", "seed=x")
    assert code == 2
    assert [problem["path"] for problem in json.loads(out)["problems"]] == ["seed", "dataset"]


def test_shapes_are_checked_though_a_published_set_is_not_there(
    run: Run, config: Path, tmp_path: Path
) -> None:
    absent = f"dataset={{type: mnist, path: {tmp_path}/absent}}"
    code, _, err = run("validate", config, "--set", absent, "--set", "model.layers.-1.units=4")
    assert code == 2
    assert "10 classes" in err


@pytest.mark.parametrize("name", ["absent.yaml", "absent/absent.yaml"])
def test_an_absent_config_exits_2(run: Run, tmp_path: Path, name: str) -> None:
    code, _, err = run("validate", tmp_path / name)
    assert code == 2
    assert "does not exist" in err
