"""IDX files, the format of MNIST: a type, the sizes, then the values; plain or gzipped.

Source: Y. LeCun, "The MNIST database", section "File formats": two zero bytes, the type, the
number of axes, the size of each axis (32 bits), the values (big-endian, last axis fastest).
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.data.absent import absent_file

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
# Deflate packs at most 1032 to 1: a header that claims more is wrong, and gets no memory.
_MOST_PACKED = 1032
_CHUNK = 1 << 20


@dataclass(frozen=True)
class IdxHeader:
    """The type and sizes that an IDX file begins with."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]


def read_idx_header(path: Path) -> IdxHeader:
    """Read type and sizes, not the values."""
    with _opened(path) as stream:
        return _header(stream, path)


def read_idx(path: Path) -> NDArray[Any]:
    """Read all values, unpacked straight into the array.

    Raises: DataError where the file is absent, of another format, too short or too long.
    """
    with _opened(path) as stream:
        header = _header(stream, path)
        values = np.empty(header.shape, header.dtype)
        memory = values.reshape(-1).view(np.uint8).data
        filled = 0
        while filled < len(memory):
            piece = stream.read(min(_CHUNK, len(memory) - filled))
            if not piece:
                raise _cut_short(path, header, len(memory), filled)
            memory[filled : filled + len(piece)] = piece
            filled += len(piece)
        if stream.read(1):
            raise DataError(
                f"the file holds more than the {header.shape} values that its header announces",
                at=str(path),
            )
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def _header(stream: IO[bytes], path: Path) -> IdxHeader:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _TYPES or magic[3] == 0:
        raise DataError(
            f"not an IDX file: it begins with {magic.hex(' ') or 'nothing'}",
            at=str(path),
            hint="an IDX file of bytes begins with 00 00 08 and the number of axes",
        )
    sizes = stream.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DataError("the IDX file ends within its header", at=str(path))
    shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
    header = IdxHeader(np.dtype(_TYPES[magic[2]]), shape)
    claimed = prod(shape) * header.dtype.itemsize
    if claimed > path.stat().st_size * (_MOST_PACKED if isinstance(stream, gzip.GzipFile) else 1):
        raise _cut_short(path, header, claimed, None)
    return header


def _cut_short(path: Path, header: IdxHeader, wanted: int, found: int | None) -> DataError:
    sizes = " x ".join(map(str, header.shape))
    rest = "the file is too small for that" if found is None else f"it ends after {found:,}"
    return DataError(
        f"the IDX file is cut short: its header says {sizes} values ({wanted:,} bytes), {rest}",
        at=str(path),
        hint="fetch the file again",
    )


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            if not packed:
                yield plain
                return
            with gzip.open(plain) as unpacked:
                yield cast(IO[bytes], unpacked)
    except FileNotFoundError as error:
        raise absent_file(path) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        message = f"the gzip file is damaged or cut short: {error}"
        raise DataError(message, at=str(path), hint="fetch the file again") from error
    except OSError as error:
        raise DataError(f"the file cannot be read: {error.strerror}", at=str(path)) from error
