import dataclasses
import errno
import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save_file

from dltrain.core.errors import StorageError, UsageError
from dltrain.storage import checkpoint as storage
from dltrain.storage.checkpoint import Checkpoint


def same(one: Checkpoint, other: Checkpoint) -> bool:
    names = [field.name for field in dataclasses.fields(Checkpoint) if field.name != "tensors"]
    return all(getattr(one, name) == getattr(other, name) for name in names) and all(
        one.tensors[name].tobytes() == other.tensors[name].tobytes()
        and one.tensors[name].shape == other.tensors[name].shape
        and one.tensors[name].dtype == other.tensors[name].dtype
        for name in {*one.tensors, *other.tensors}
    )


def rewritten(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Write the file again with another description, as a program that knows the format could."""
    with safe_open(path, framework="numpy") as file:
        described = json.loads(file.metadata()["dltrain"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(described)
    text = json.dumps(described, sort_keys=True, separators=(",", ":"))
    save_file(tensors, path, metadata={"dltrain": text})


def test_what_is_saved_is_loaded(tmp_path: Path, checkpoint: Checkpoint) -> None:
    path = tmp_path / "last.safetensors"
    storage.save(path, checkpoint)
    assert same(storage.load(path), checkpoint)


def test_equal_content_gives_equal_bytes(tmp_path: Path, checkpoint: Checkpoint) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    storage.save(one, checkpoint)
    backwards = dict(reversed(checkpoint.tensors.items()))
    storage.save(other, dataclasses.replace(checkpoint, tensors=backwards))
    assert one.read_bytes() == other.read_bytes()


def test_the_file_is_plain_safetensors_with_one_metadata_key(
    tmp_path: Path, checkpoint: Checkpoint
) -> None:
    path = tmp_path / "last.safetensors"
    storage.save(path, checkpoint)
    with safe_open(path, framework="numpy") as file:
        assert set(file.metadata()) == {"dltrain"}
        assert sorted(file.keys()) == sorted(checkpoint.tensors)
        found = file.get_tensor("dense_1/kernel")
    np.testing.assert_array_equal(found, checkpoint.tensors["dense_1/kernel"])


def test_tensors_in_other_layouts_are_saved_by_value(
    tmp_path: Path, checkpoint: Checkpoint
) -> None:
    kernel = np.arange(6, dtype=">f4").reshape(2, 3).T
    path = tmp_path / "last.safetensors"
    storage.save(path, dataclasses.replace(checkpoint, tensors={"kernel": kernel}))
    np.testing.assert_array_equal(storage.load(path).tensors["kernel"], kernel)


def test_an_absent_checkpoint_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such checkpoint"):
        storage.load(tmp_path / "none.safetensors")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "last.safetensors"
    tensors = {"dense_1/kernel": np.arange(12, dtype=np.float32).reshape(6, 2)}
    content = Checkpoint({"a": 1e-5}, ("cat",), 1, (6,), {}, {}, "f", tensors)
    storage.save(path, content)
    return path


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_a_changed_byte_anywhere_is_damage(
    tmp_path: Path, saved: Path, data: st.DataObject
) -> None:
    content = bytearray(saved.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "flipped.safetensors"
    path.write_bytes(content)
    try:
        found = storage.load(path)
    except StorageError:
        return
    # Only the padding after the header may change, and then the content is the same.
    assert same(found, storage.load(saved))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_truncated_file_is_damage(tmp_path: Path, saved: Path, data: st.DataObject) -> None:
    content = saved.read_bytes()
    path = tmp_path / "short.safetensors"
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(StorageError):
        storage.load(path)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=200))
def test_any_other_bytes_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bytes.safetensors"
    path.write_bytes(content)
    with pytest.raises(StorageError):
        storage.load(path)


@pytest.mark.parametrize("claim", [2**63 - 1, 2**40, 100_000_000])
def test_a_huge_header_is_refused_before_memory_is_taken(tmp_path: Path, claim: int) -> None:
    path = tmp_path / "huge.safetensors"
    path.write_bytes(struct.pack("<Q", claim) + b"{" * 100)
    with pytest.raises(StorageError, match="claims a header"):
        storage.load(path)


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    text = b"[" * 200_000
    path = tmp_path / "deep.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text)
    with pytest.raises(StorageError, match="not JSON"):
        storage.load(path)


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "foreign.safetensors"
    save_file({"weight": np.ones(3, np.float32)}, path, metadata={"format": "pt"})
    with pytest.raises(StorageError, match="not written by dltrain"):
        storage.load(path)


def test_a_newer_format_is_refused_with_the_way_out(tmp_path: Path, checkpoint: Checkpoint) -> None:
    path = tmp_path / "newer.safetensors"
    storage.save(path, checkpoint)
    rewritten(path, lambda described: described.update(format=99))
    with pytest.raises(StorageError, match="has format 99") as caught:
        storage.load(path)
    assert "upgrade" in caught.value.hint


def test_a_changed_description_does_not_fit_its_sum(tmp_path: Path, checkpoint: Checkpoint) -> None:
    path = tmp_path / "changed.safetensors"
    storage.save(path, checkpoint)
    rewritten(path, lambda described: described.update(class_names=["dog", "bird"]))
    with pytest.raises(StorageError, match="sha256"):
        storage.load(path)


def test_a_file_saved_again_by_the_library_is_still_whole(
    tmp_path: Path, checkpoint: Checkpoint
) -> None:
    path = tmp_path / "again.safetensors"
    storage.save(path, checkpoint)
    rewritten(path, bool)
    assert same(storage.load(path), checkpoint)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EIO])
def test_a_disk_that_refuses_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    path = tmp_path / "last.safetensors"
    storage.save(path, checkpoint)
    before = path.read_bytes()

    def refuse(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError) as caught:
        storage.save(path, dataclasses.replace(checkpoint, classes=3))
    assert caught.value.exit_code == 5
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["last.safetensors"]


def test_a_folder_that_is_a_file_cannot_be_written(tmp_path: Path, checkpoint: Checkpoint) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(StorageError):
        storage.save(blocked / "last.safetensors", checkpoint)
