"""The safetensors format: a length, a JSON header, the tensors' bytes. Nothing in it can run.

Writing is done here, so that equal content gives equal bytes and a large network is never copied;
reading leaves the checks of offsets and shapes to the safetensors library, but not the tensors:
it maps the file, and mapped pages count as this process's memory beside the arrays.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import StorageError

MAXIMUM_HEADER = 64 * 2**20
"""Bytes of header that are read at most: a file may claim anything."""

_NAMES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "|i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
_BY_DTYPE = {np.dtype(numpy_name): name for name, numpy_name in _NAMES.items()}


def dtype_name(dtype: np.dtype[Any]) -> str:
    """Give the format's name of a number type: float32 is F32."""
    return _BY_DTYPE[dtype]


def bytes_of(tensor: NDArray[Any]) -> memoryview:
    """View a contiguous tensor as its bytes."""
    return np.ascontiguousarray(tensor).reshape(-1).view(np.uint8).data


def write(file: BinaryIO, tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> None:
    """Write tensors, widest first so that all are aligned, then by name."""
    order = sorted(tensors, key=lambda name: (-tensors[name].itemsize, name))
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    end = 0
    for name in order:
        tensor = tensors[name]
        start, end = end, end + tensor.nbytes
        header[name] = {
            "dtype": dtype_name(tensor.dtype),
            "shape": list(tensor.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little"))
    file.write(text)
    for name in order:
        file.write(bytes_of(tensors[name]))


def read(
    path: Path, check: Callable[[Path, Mapping[str, Any]], object]
) -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
    """Read metadata and tensors; `check` sees the metadata before memory is taken for tensors.

    Raises: StorageError where this is no sound safetensors file; OSError where it is not readable.
    """
    from safetensors import SafetensorError, safe_open

    header, start = _read_header(path)
    metadata = header.pop("__metadata__", {})
    check(path, metadata if isinstance(metadata, dict) else {})
    for name, entry in header.items():
        if not isinstance(entry, dict) or entry.get("dtype") not in _NAMES:
            raise StorageError(f"its tensor {name!r} has an unknown type of number", at=str(path))
    try:
        with safe_open(path, framework="numpy"):
            pass
    except SafetensorError as error:
        raise _broken(path, "its tensors do not fit its size") from error
    with path.open("rb") as file:
        tensors = {name: _read_tensor(file, start, header[name]) for name in sorted(header)}
    return metadata, tensors


def _read_tensor(file: BufferedReader, start: int, entry: Mapping[str, Any]) -> NDArray[Any]:
    """Read one whose offset counts from `start`."""
    tensor = np.empty(entry["shape"], _NAMES[entry["dtype"]])
    file.seek(start + entry["data_offsets"][0])
    file.readinto(tensor.reshape(-1).view(np.uint8).data)
    return tensor


def _read_header(path: Path) -> tuple[dict[str, Any], int]:
    """Give the header, and where the tensors' bytes begin."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(size - 8, MAXIMUM_HEADER):
            raise _broken(path, f"it has {size} bytes and claims a header of {length}")
        text = file.read(length)
    try:
        header = json.loads(text.decode())
    except (ValueError, RecursionError) as error:
        raise _broken(path, "its header is not JSON") from error
    if not isinstance(header, dict):
        raise _broken(path, "its header is not a JSON object")
    return header, 8 + length


def _broken(path: Path, reason: str) -> StorageError:
    return StorageError(
        f"this is not a whole safetensors file: {reason}",
        at=str(path),
        hint="it is truncated, damaged or of another kind; take another checkpoint or a copy",
    )
