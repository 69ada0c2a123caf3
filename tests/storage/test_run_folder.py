import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dltrain.core.errors import StorageError, UsageError
from dltrain.storage.checkpoint import Checkpoint
from dltrain.storage.locate import locate
from dltrain.storage.run_folder import RunFolder, newest


class Create:
    """Makes run folders and lets go of their locks at the end."""

    def __init__(self: object) -> None:
        self.folders: list[RunFolder] = []

    def __call__(self: object, runs: Path, name: str, *, force: bool = False) -> RunFolder:
        self.folders.append(RunFolder.create(runs, name, force=force))
        return self.folders[-1]

    def open(self: object, path: Path) -> RunFolder:
        self.folders.append(RunFolder(path))
        self.folders[-1].open()
        return self.folders[-1]


@pytest.fixture
def create() -> Iterator[Create]:
    made = Create()
    yield made
    for folder in made.folders:
        folder.close()


def started(folder: RunFolder, checkpoint: Checkpoint | None = None) -> RunFolder:
    folder.write_start(source=b"a: 1 \r\n# \xc3\xa9", resolved="a: 1\n", environment={"seed": 0})
    if checkpoint is not None:
        folder.save_last(checkpoint)
        folder.save_best(checkpoint)
    return folder


def test_a_second_run_takes_the_next_number(tmp_path: Path, create: Create) -> None:
    names = []
    for _ in range(3):
        folder = create(tmp_path / "runs", "small")
        names.append(folder.path.name)
        folder.close()
    assert names == ["small", "small-2", "small-3"]


def test_the_config_is_kept_byte_for_byte(tmp_path: Path, create: Create) -> None:
    folder = started(create(tmp_path, "small"))
    assert (folder.path / "config.yaml").read_bytes() == b"a: 1 \r\n# \xc3\xa9"


def test_force_replaces_the_run_and_keeps_what_is_not_its_own(
    tmp_path: Path, checkpoint: Checkpoint, create: Create
) -> None:
    folder = started(create(tmp_path, "small"), checkpoint)
    folder.write_result({"split": "test"})
    (folder.path / "notes.txt").write_text("mine", encoding="utf-8")
    folder.close()
    again = create(tmp_path, "small", force=True)
    assert again.path == folder.path
    assert not again.last.exists()
    assert again.read_result() is None
    assert (again.path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_force_leaves_a_folder_alone_that_no_run_made(tmp_path: Path, create: Create) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "result.json").write_text("mine", encoding="utf-8")
    (photos / "cat.jpg").write_bytes(b"cat")
    with pytest.raises(StorageError, match=r"not a run: it holds cat\.jpg"):
        create(tmp_path, "photos", force=True)
    assert sorted(entry.name for entry in photos.iterdir()) == ["cat.jpg", "result.json"]


def test_two_processes_at_once_on_one_run_are_refused(tmp_path: Path, create: Create) -> None:
    folder = create(tmp_path, "small")
    with pytest.raises(StorageError, match="another process") as caught:
        create.open(folder.path)
    assert str(os.getpid()) in caught.value.message
    folder.close()
    create.open(folder.path)


def test_a_lock_left_by_a_killed_process_is_no_obstacle(tmp_path: Path, create: Create) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from dltrain.storage.run_folder import RunFolder\n"
        "folder = RunFolder.create(Path(sys.argv[1]), 'small')\n"
        "(folder.path / 'checkpoints' / '.last.safetensors.1.part').write_bytes(b'half')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=root, check=False)
    assert done.returncode == -9
    folder = create.open(tmp_path / "small")
    assert list((folder.path / "checkpoints").iterdir()) == []


def test_metrics_are_readable_after_each_epoch_and_cut_for_a_resume(
    tmp_path: Path, create: Create
) -> None:
    folder = started(create(tmp_path, "small"))
    records = [{"epoch": epoch, "val_loss": None} for epoch in (1, 2, 3)]
    for record in records:
        folder.append_metrics(record)
    lines = folder.metrics.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == records
    folder.rewrite_metrics(records[:2])
    assert len(folder.metrics.read_text(encoding="utf-8").splitlines()) == 2


def test_the_newest_run_of_a_name_is_the_one_started_last(tmp_path: Path, create: Create) -> None:
    for number, name in enumerate(["small", "small-2", "smaller", "small-2b"]):
        folder = started(create(tmp_path, name))
        os.utime(folder.path / "resolved.yaml", (number, number))
    found = newest(tmp_path, "small")
    assert found is not None
    assert found.path.name == "small-2"
    assert newest(tmp_path, "other") is None
    assert newest(tmp_path / "none", "small") is None


@pytest.mark.parametrize("runs", ["blocked", "/dev/null/runs"])
def test_a_place_that_cannot_be_written_is_a_storage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: str, create: Create
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("blocked").write_bytes(b"")
    with pytest.raises(StorageError) as caught:
        create(Path(runs), "small")
    assert caught.value.exit_code == 5


def test_a_checkpoint_is_found_by_file_folder_and_which(
    tmp_path: Path, checkpoint: Checkpoint, create: Create
) -> None:
    folder = started(create(tmp_path, "small"), checkpoint)
    assert locate(folder.path) == folder.best
    assert locate(f"{folder.path}@last") == folder.last
    assert locate(f"{folder.path}@best") == folder.best
    assert locate(str(folder.last)) == folder.last


def test_what_is_not_there_gets_the_nearest_name(
    tmp_path: Path, checkpoint: Checkpoint, create: Create
) -> None:
    started(create(tmp_path, "small"), checkpoint)
    with pytest.raises(UsageError) as caught:
        locate(tmp_path / "smal")
    assert "small" in caught.value.hint


def test_a_run_without_a_best_checkpoint_points_to_the_last(
    tmp_path: Path, checkpoint: Checkpoint, create: Create
) -> None:
    folder = started(create(tmp_path, "small"))
    folder.save_last(checkpoint)
    with pytest.raises(UsageError, match="no best checkpoint yet") as caught:
        locate(folder.path)
    assert "@last" in caught.value.hint


def test_a_folder_that_is_no_run_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no checkpoints"):
        locate(tmp_path)
