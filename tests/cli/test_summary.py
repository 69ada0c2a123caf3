import json
from pathlib import Path

import numpy as np

from dltrain.config.loader import load
from dltrain.storage.checkpoint import Checkpoint, save
from tests.cli.conftest import Run


def test_a_config_gives_a_table_with_totals(run: Run, config: Path) -> None:
    code, out, err = run("summary", config)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].split() == ["total", "1,210", "1,184"]


def test_json_gives_the_same(run: Run, config: Path) -> None:
    assert json.loads(run("summary", config, "--json")[1])["parameters"] == 1210


def test_a_checkpoint_gives_the_table_of_its_config(run: Run, config: Path, tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    loaded = load(config).config
    save(
        path,
        Checkpoint(
            config=loaded.dump(),
            class_names=tuple("0123456789"),
            classes=10,
            input_shape=(8, 8, 1),
            preprocessing={},
            metrics={},
            dataset_fingerprint="",
            tensors={"dense_1/bias": np.zeros(16, np.float32)},
        ),
    )
    assert run("summary", path) == run("summary", config)
    assert run("summary", path, "--set", "seed=1")[0] == 2


def test_a_file_that_is_no_checkpoint_exits_5(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(b"nothing of the kind")
    assert run("summary", path)[0] == 5


def test_a_wrong_config_exits_2(run: Run, config: Path) -> None:
    assert run("summary", config, "--set", "model.layers.1.units=0")[0] == 2


def test_an_absent_file_exits_2(run: Run, tmp_path: Path) -> None:
    assert run("summary", tmp_path / "absent.yaml")[0] == 2
    assert run("summary", tmp_path / "absent")[0] == 2
