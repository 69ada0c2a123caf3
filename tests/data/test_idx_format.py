from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dltrain.core.errors import DataError
from dltrain.data.idx_format import read_idx, read_idx_header

Write = Callable[[Path, Any], Path]


@pytest.mark.parametrize("name", ["plain", "packed.gz"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32"])
def test_values_come_back_as_written(
    tmp_path: Path, write_idx: Write, name: str, dtype: str
) -> None:
    values = np.arange(24).reshape(2, 3, 4).astype(dtype)
    read = read_idx(write_idx(tmp_path / name, values))
    assert read.dtype == values.dtype
    np.testing.assert_array_equal(read, values)


def test_the_header_is_read_without_the_values(tmp_path: Path, write_idx: Write) -> None:
    header = read_idx_header(write_idx(tmp_path / "a.gz", np.zeros((5, 2, 3), np.uint8)))
    assert header.shape == (5, 2, 3)
    assert header.dtype == np.uint8


@pytest.mark.parametrize("name", ["plain", "packed.gz"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 0.999))
def test_a_file_cut_anywhere_is_a_data_error(
    tmp_path: Path, write_idx: Write, name: str, share: float
) -> None:
    whole = write_idx(tmp_path / name, np.arange(200, dtype=np.uint8).reshape(2, 10, 10))
    content = whole.read_bytes()
    whole.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(DataError) as caught:
        read_idx(whole)
    assert str(whole) in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n", b"\0\0\x07\x01\0\0\0\x01a", b"\0\0\x08\0", b"\0\0"]
)
def test_a_file_of_another_kind_is_a_data_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.idx"
    path.write_bytes(content)
    with pytest.raises(DataError, match="IDX"):
        read_idx(path)


def test_more_values_than_announced_are_a_data_error(tmp_path: Path, write_idx: Write) -> None:
    path = write_idx(tmp_path / "a", np.zeros(4, np.uint8))
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(DataError, match="more than"):
        read_idx(path)


@pytest.mark.parametrize("name", ["plain", "packed.gz"])
def test_a_header_that_claims_terabytes_takes_no_memory(tmp_path: Path, name: str) -> None:
    content = struct.pack(">HBB3I", 0, 8, 3, 2**31, 2**10, 2**10) + bytes(100)
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    with pytest.raises(DataError, match="cut short"):
        read_idx(path)


def test_an_absent_file_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_idx(tmp_path / "absent")
