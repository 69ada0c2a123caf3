import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import dltrain
from dltrain.config.loader import load
from dltrain.core.errors import ConfigError, DataError, NumericError, StorageError, UsageError
from dltrain.storage import checkpoint
from dltrain.training.events import EpochEnded, Event, Finished, Notice, TrainingStarted

ROOT = Path(__file__).parents[2]


def tensors(folder: Path, which: str = "last") -> dict[str, bytes]:
    saved = checkpoint.load(folder / "checkpoints" / f"{which}.safetensors")
    return {name: array.tobytes() for name, array in saved.tensors.items()}


def metrics(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def without_times(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    times = ("seconds", "samples_per_second", "data_wait")
    return [{key: record[key] for key in record if key not in times} for record in records]


def run_python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    """A data set that a test may change, and the config that reads it."""
    generator = np.random.default_rng(0)
    np.savez(
        tmp_path / "data.npz",
        x_train=generator.random((50, 6), np.float32),
        y_train=np.arange(50) % 3,
        x_test=generator.random((10, 6), np.float32),
        y_test=np.arange(10) % 3,
    )
    config = {
        "dataset": {"type": "npz", "path": "data.npz"},
        "model": {"layers": [{"type": "dense", "units": 3, "activation": "softmax"}]},
        "optimizer": {"type": "adam", "learning_rate": 0.01},
        "training": {"loss": "categorical_crossentropy", "epochs": 2, "batch_size": 16},
    }
    path = tmp_path / "arrays.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


def test_a_run_leaves_what_the_contract_names(trained: Path) -> None:
    assert {entry.name for entry in trained.iterdir()} >= {
        "config.yaml",
        "resolved.yaml",
        "metrics.jsonl",
        "result.json",
        "environment.json",
        "checkpoints",
    }
    assert (trained / "config.yaml").read_bytes() == (
        trained.parents[1] / "small.yaml"
    ).read_bytes()
    result = json.loads((trained / "result.json").read_text(encoding="utf-8"))
    assert result["split"] == "test"
    assert result["samples"] == 359
    assert result["metrics"]["accuracy"] > 0.9
    environment = json.loads((trained / "environment.json").read_text(encoding="utf-8"))
    assert environment["seed"] == 0
    assert len(environment["dataset_fingerprint"]) == 64


def test_metrics_have_a_line_for_each_epoch_counted_from_1(trained: Path) -> None:
    records = metrics(trained)
    assert [record["epoch"] for record in records] == [1, 2, 3, 4]
    assert [record["step"] for record in records] == [21, 42, 63, 84]
    names = "epoch step train_loss train_accuracy val_loss val_accuracy learning_rate seconds"
    assert list(records[0]) == [*names.split(), "samples_per_second", "data_wait"]
    assert records[-1]["learning_rate"] == 0.01
    rate = records[0]["samples_per_second"] * records[0]["seconds"]
    assert rate == pytest.approx(1294)


def test_the_resolved_config_reads_back_as_the_same(trained: Path) -> None:
    resolved = load(trained / "resolved.yaml").config
    assert resolved == load(trained / "config.yaml").config.model_copy(update={"name": "small"})


def test_the_checkpoint_holds_what_prediction_needs(trained: Path) -> None:
    best = checkpoint.load(trained / "checkpoints" / "best.safetensors")
    assert best.class_names == tuple("0123456789")
    assert best.input_shape == (8, 8, 1)
    assert best.config["training"]["batch_size"] == 64
    assert sorted(best.tensors) == [
        f"dense_{number}/{name}" for number in (1, 2) for name in ("bias", "kernel")
    ]
    assert best.training is None


def test_last_also_holds_what_a_resume_needs(trained: Path) -> None:
    last = checkpoint.load(trained / "checkpoints" / "last.safetensors")
    assert last.training is not None
    assert last.training["epoch"] == 4
    assert last.training["sampler"] == {"epoch": 4, "sample": 0}
    assert last.training["history"] == metrics(trained)
    assert "optimizer/momentum/dense_1/kernel" in last.tensors


def test_last_is_written_before_the_first_step(tmp_path: Path, small_config: Path) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, TrainingStarted):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dltrain.fit(small_config, runs=tmp_path / "runs", observe=stop)
    saved = checkpoint.load(tmp_path / "runs" / "small" / "checkpoints" / "last.safetensors")
    assert saved.training is not None
    assert saved.training["step"] == 0
    run = dltrain.fit(small_config, runs=tmp_path / "runs", resume=True)
    assert run.folder.name == "small"
    assert len(run.history) == 4


def test_threads_change_no_bit(tmp_path: Path, small_config: Path) -> None:
    folders = [
        dltrain.fit(
            small_config, runs=tmp_path / str(threads), overrides={"training.threads": threads}
        ).folder
        for threads in (1, 2)
    ]
    assert tensors(folders[0]) == tensors(folders[1])
    assert without_times(metrics(folders[0])) == without_times(metrics(folders[1]))


KILLED = """
    import os, signal, sys
    import dltrain
    from dltrain.storage.run_folder import RunFolder
    from dltrain.training.events import EpochEnded

    save_last, saved = RunFolder.save_last, []

    def kill(event: object) -> None:
        if sys.argv[3] == "after" and isinstance(event, EpochEnded) and event.record["epoch"] == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    def save(self: object, content: bytes) -> None:
        saved.append(content)
        if sys.argv[3] == "between" and len(saved) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        save_last(self, content)

    RunFolder.save_last = save
    dltrain.fit(sys.argv[1], runs=sys.argv[2], observe=kill)
"""


@pytest.mark.parametrize("moment", ["after", "between"])
def test_a_killed_run_goes_on_bit_for_bit(
    tmp_path: Path, small_config: Path, trained: Path, moment: str
) -> None:
    done = run_python(KILLED, small_config, tmp_path / "runs", moment)
    assert done.returncode == -signal.SIGKILL, done.stderr
    folder = tmp_path / "runs" / "small"
    assert not (folder / "result.json").exists()
    run = dltrain.fit(small_config, runs=tmp_path / "runs", resume=True)
    assert run.folder == folder
    for which in ("last", "best"):
        assert tensors(folder, which) == tensors(trained, which)
    assert without_times(metrics(folder)) == without_times(metrics(trained))
    result = json.loads((trained / "result.json").read_text(encoding="utf-8"))
    assert run.result == result


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_says_how_to_go_on_and_can(
    tmp_path: Path, small_config: Path, number: int, code: int
) -> None:
    runs = tmp_path / "runs"
    arguments = ["fit", small_config, "--runs", runs, "--set", "training.epochs=100000"]
    process = subprocess.Popen(
        [sys.executable, "-m", "dltrain", *map(str, arguments)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    with process:
        for line in process.stderr:
            if line.startswith("epoch 2/"):
                process.send_signal(number)
                break
        rest = process.stderr.read()
    assert process.returncode == code, rest
    assert "--resume" in rest
    assert "Traceback" not in rest
    done = len(metrics(runs / "small"))
    overrides = {"training.epochs": done + 1}
    run = dltrain.fit(small_config, runs=runs, resume=True, overrides=overrides)
    assert [record["epoch"] for record in run.history] == list(range(1, done + 2))


def test_a_finished_run_is_said_to_be_finished(tmp_path: Path, small_config: Path) -> None:
    runs, seen = tmp_path / "runs", list[Event]()
    first = dltrain.fit(small_config, runs=runs)
    before = (first.folder / "metrics.jsonl").stat().st_mtime_ns
    again = dltrain.fit(small_config, runs=runs, resume=True, observe=seen.append)
    assert seen == [Finished(first.folder, first.result, already=True)]
    assert again.result == first.result
    assert (first.folder / "metrics.jsonl").stat().st_mtime_ns == before


def test_more_epochs_go_on_with_a_finished_run(tmp_path: Path, small_config: Path) -> None:
    runs = tmp_path / "runs"
    dltrain.fit(small_config, runs=runs, overrides={"training.epochs": 1})
    run = dltrain.fit(small_config, runs=runs, resume=True, overrides={"training.threads": 1})
    assert [record["epoch"] for record in run.history] == [1, 2, 3, 4]
    assert run.result["epochs"] == 4


def test_a_resume_with_another_config_names_the_keys(tmp_path: Path, small_config: Path) -> None:
    runs = tmp_path / "runs"
    dltrain.fit(small_config, runs=runs, overrides={"training.epochs": 1})
    changed = {"optimizer.learning_rate": 0.5, "training.batch_size": 8}
    with pytest.raises(UsageError) as caught:
        dltrain.fit(small_config, runs=runs, resume=True, overrides=changed)
    assert "optimizer.learning_rate (0.01 there, 0.5 here)" in caught.value.message
    assert "training.batch_size" in caught.value.message
    assert "epochs" not in caught.value.message


def test_a_resume_without_a_run_starts_one(tmp_path: Path, small_config: Path) -> None:
    overrides = {"training.epochs": 1}
    run = dltrain.fit(small_config, runs=tmp_path / "runs", resume=True, overrides=overrides)
    assert run.folder.name == "small"


def test_data_may_move_but_not_change(tmp_path: Path, arrays: Path) -> None:
    runs = tmp_path / "runs"
    dltrain.fit(arrays, runs=runs, overrides={"training.epochs": 1})
    moved = tmp_path / "moved.npz"
    (tmp_path / "data.npz").rename(moved)
    overrides = {"dataset.path": str(moved)}
    assert len(dltrain.fit(arrays, runs=runs, resume=True, overrides=overrides).history) == 2
    with np.load(moved) as content:
        changed = {name: content[name] for name in content}
    changed["x_train"] = changed["x_train"] + 1
    np.savez(moved, **changed)
    again = {"dataset.path": str(moved), "training.epochs": 3}
    with pytest.raises(DataError, match="not the one") as caught:
        dltrain.fit(arrays, runs=runs, resume=True, overrides=again)
    assert "--accept-changed-data" in caught.value.hint
    run = dltrain.fit(arrays, runs=runs, resume=True, overrides=again, accept_changed_data=True)
    assert len(run.history) == 3


def test_a_damaged_last_checkpoint_stops_the_resume(tmp_path: Path, small_config: Path) -> None:
    run = dltrain.fit(small_config, runs=tmp_path / "runs", overrides={"training.epochs": 1})
    last = run.folder / "checkpoints" / "last.safetensors"
    content = bytearray(last.read_bytes())
    content[-1] ^= 1
    last.write_bytes(content)
    with pytest.raises(StorageError, match="damaged"):
        dltrain.fit(small_config, runs=tmp_path / "runs", resume=True)
    assert last.read_bytes() == content


def test_a_diverging_run_stops_and_names_step_and_layer(tmp_path: Path, small_config: Path) -> None:
    overrides = {"optimizer.learning_rate": 1e30}
    with pytest.raises(NumericError) as caught:
        dltrain.fit(small_config, runs=tmp_path / "runs", overrides=overrides)
    assert "step 2" in caught.value.message
    assert "dense_" in caught.value.message
    saved = checkpoint.load(tmp_path / "runs" / "small" / "checkpoints" / "last.safetensors")
    assert all(np.isfinite(tensor).all() for tensor in saved.tensors.values())


def test_a_full_disk_stops_the_run_and_keeps_the_last_epoch(
    tmp_path: Path, small_config: Path
) -> None:
    code = """
        import resource, signal, sys
        import dltrain
        from dltrain.core.errors import StorageError
        from dltrain.training.events import EpochEnded

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        def fill(event: object) -> None:
            if isinstance(event, EpochEnded) and event.record["epoch"] == 1:
                resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

        try:
            dltrain.fit(sys.argv[1], runs=sys.argv[2], observe=fill)
        except StorageError as error:
            sys.exit(error.exit_code)
    """
    done = run_python(code, small_config, tmp_path / "runs")
    assert done.returncode == 5, done.stderr
    folder = tmp_path / "runs" / "small" / "checkpoints"
    saved = checkpoint.load(folder / "last.safetensors")
    assert saved.training is not None
    assert saved.training["epoch"] == 1
    assert sorted(entry.name for entry in folder.iterdir()) == [
        "best.safetensors",
        "last.safetensors",
    ]


def test_a_batch_larger_than_the_data_is_a_warning_and_one_batch(
    tmp_path: Path, arrays: Path
) -> None:
    seen = list[Event]()
    overrides = {"training.batch_size": 1000}
    run = dltrain.fit(arrays, runs=tmp_path / "runs", overrides=overrides, observe=seen.append)
    assert run.history[0]["step"] == 1
    assert any(isinstance(event, Notice) and event.warning for event in seen)


def test_without_validation_the_training_loss_chooses_the_best(
    tmp_path: Path, arrays: Path
) -> None:
    seen = list[Event]()
    run = dltrain.fit(arrays, runs=tmp_path / "runs", observe=seen.append)
    ended = [event for event in seen if isinstance(event, EpochEnded)]
    losses = [record["train_loss"] for record in run.history]
    assert "val_loss" not in run.history[0]
    assert run.result["best_epoch"] == losses.index(min(losses)) + 1
    assert [event.record for event in ended] == run.history


def test_watching_validation_without_any_is_a_config_error(tmp_path: Path, arrays: Path) -> None:
    overrides = {"training.checkpoint.monitor": "val_loss"}
    with pytest.raises(ConfigError, match="val_loss"):
        dltrain.fit(arrays, runs=tmp_path / "runs", overrides=overrides)
    assert not (tmp_path / "runs").exists()


def test_a_config_can_be_a_dict(tmp_path: Path, small_config: Path, trained: Path) -> None:
    config = yaml.safe_load(small_config.read_text(encoding="utf-8"))
    config["optimizer"]["learning_rate"] = 0.01
    run = dltrain.fit(config, runs=tmp_path / "runs")
    assert tensors(run.folder) == tensors(trained)
    assert (run.folder / "config.yaml").is_file()


def test_resume_and_force_exclude_each_other(tmp_path: Path, small_config: Path) -> None:
    with pytest.raises(UsageError, match="choose one"):
        dltrain.fit(small_config, runs=tmp_path / "runs", resume=True, force=True)


def test_signal_handlers_are_left_as_they_were(tmp_path: Path, arrays: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    dltrain.fit(arrays, runs=tmp_path / "runs")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
