"""Small data sets on disk, and the real ones where they lie beside the repository."""

from __future__ import annotations

import gzip
import struct
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

REAL_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
_CODES = {"uint8": 0x08, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D}


@pytest.fixture
def real() -> Callable[[str], Path]:
    def folder(name: str) -> Path:
        path = REAL_DATA / name
        if not path.is_dir():
            pytest.skip(f"the real data set {name} is not beside the repository")
        return path

    return folder


@pytest.fixture
def write_idx() -> Callable[[Path, NDArray[Any]], Path]:
    def write(path: Path, array: NDArray[Any]) -> Path:
        code = _CODES[array.dtype.name]
        header = struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)
        content = header + array.astype(array.dtype.newbyteorder(">")).tobytes()
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
        return path

    return write


@pytest.fixture
def write_image() -> Callable[..., Path]:
    def write(path: Path, array: Any, **options: Any) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.asarray(array)).save(path, **options)
        return path

    return write


@pytest.fixture
def class_folders(tmp_path: Path, write_image: Callable[..., Path]) -> Path:
    """Ten gray images of 6 x 4 pixels in each of two classes; every pixel tells which it is."""
    for label, name in enumerate(("cat", "dog")):
        for number in range(10):
            pixels = np.full((4, 6), 100 * label + number, np.uint8)
            write_image(tmp_path / "pets" / name / f"{number}.png", pixels)
    return tmp_path / "pets"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a folder that a local server offers in the publishers' stead; the cache is empty."""
    (tmp_path / "www").mkdir()
    handler = partial(Quiet, directory=str(tmp_path / "www"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("DLTRAIN_DATA_MIRROR", f"http://127.0.0.1:{http.server_port}")
        monkeypatch.setenv("DLTRAIN_CACHE_DIR", str(tmp_path / "cache"))
        monkeypatch.delenv("DLTRAIN_OFFLINE", raising=False)
        yield tmp_path / "www"
        http.shutdown()
        thread.join()
