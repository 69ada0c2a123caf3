"""NumPy's .npz files, a zip of arrays; objects (pickles) in them are refused."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.data.absent import absent_file

# What zipfile and NumPy raise on damaged, encrypted or foreign files.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, ValueError, ArithmeticError, RuntimeError,
    LookupError, SyntaxError, TypeError, TokenError, struct.error,
)  # fmt: skip

Header = tuple[tuple[int, ...], np.dtype[Any]]


def read_npz_headers(path: Path) -> dict[str, Header]:
    """Read shape and type of every array, not the values."""
    with _opened(path) as archive:
        members = [name for name in archive.namelist() if name.endswith(".npy")]
        return {name.removesuffix(".npy"): _header(archive, name) for name in members}


def read_npz(path: Path, names: list[str]) -> dict[str, NDArray[Any]]:
    """Read some of the arrays."""
    with _opened(path) as archive:
        return {name: _array(archive, f"{name}.npy") for name in names}


def _header(archive: zipfile.ZipFile, member: str) -> Header:
    with archive.open(member) as stream:
        version = npy.read_magic(stream)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(stream)
    return shape, dtype


def _array(archive: zipfile.ZipFile, member: str) -> NDArray[Any]:
    shape, dtype = _header(archive, member)
    claimed = prod(shape) * dtype.itemsize
    if claimed > archive.getinfo(member).file_size:
        # Before memory is taken for it.
        raise ValueError(
            f"{member} is shorter than the {claimed:,} bytes that its header announces"
        )
    with archive.open(member) as stream:
        array: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
    return array


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FileNotFoundError as error:
        raise absent_file(path) from error
    except _DAMAGE as error:
        raise DataError(
            f"not a .npz file that can be read: {error}",
            at=str(path),
            hint="numpy.savez(path, x_train=..., y_train=..., x_test=..., y_test=...) writes one",
        ) from error
    except OSError as error:
        raise DataError(f"the file cannot be read: {error.strerror}", at=str(path)) from error
