"""Files damaged anywhere are read as something else or refused with DataError, nothing worse."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dltrain.core.errors import DataError
from dltrain.data.idx_format import read_idx
from dltrain.data.images import read_header, read_image
from dltrain.data.npz_format import read_npz, read_npz_headers
from dltrain.data.sources.base import Dataset

damage = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
flips = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=4)


def damaged(path: Path, changes: list[tuple[float, int]]) -> Path:
    content = bytearray(path.read_bytes())
    for place, change in changes:
        content[int(place * len(content))] ^= change
    target = path.with_name(f"damaged-{path.name}")
    target.write_bytes(bytes(content))
    return target


def read_quietly(read: Callable[[], Any]) -> None:
    with warnings.catch_warnings():
        # Pillow and zipfile tell of oddities that they can live with.
        warnings.simplefilter("ignore")
        with suppress(DataError):
            read()


@damage
@given(changes=flips, packed=st.booleans())
def test_idx_files(tmp_path: Path, write_idx: Any, changes: Any, packed: bool) -> None:
    name = "a.gz" if packed else "a"
    path = damaged(write_idx(tmp_path / name, np.arange(60, dtype=np.uint8)), changes)
    read_quietly(lambda: read_idx(path))


ROWS = "size,town,price\n" + '10,Rome,100\n,Oslo,2.5\n30,"Rome, south",7\n' * 3
MOTIONS = "@classLabel true a b\n@data\n1,2,3:4,5,6:a\n3,2:7,8:b\n1:2:a\n"


@damage
@given(changes=flips, missing=st.sampled_from(["error", "median"]))
def test_tables(tmp_path: Path, changes: Any, missing: str) -> None:
    whole = tmp_path / "a.csv"
    whole.write_text(ROWS)
    path = str(damaged(whole, changes))
    fields = {"type": "table", "path": path, "target": -1, "missing": missing}
    for layout in ({}, {"header": False}, {"encoding": "latin-1"}):
        dataset = Dataset.parse({**fields, **layout})
        read_quietly(partial(dataset.load, seed=0))
    series = {"type": "series", "path": path, "length": 2, "columns": [0]}
    read_quietly(lambda: Dataset.parse(series).load(seed=0))


@damage
@given(changes=flips, suffix=st.sampled_from([".ts", ".txt"]))
def test_series_with_classes(tmp_path: Path, changes: Any, suffix: str) -> None:
    whole = tmp_path / f"a{suffix}"
    whole.write_text(MOTIONS if suffix == ".ts" else "1 2 3\n2 5 6\n1 7 NaN\n")
    path = damaged(whole, changes)
    read_quietly(lambda: Dataset.parse({"type": "labelled_series", "path": str(path)}).load(seed=0))


@damage
@given(changes=flips)
def test_npz_files(tmp_path: Path, changes: Any) -> None:
    whole = tmp_path / "a.npz"
    np.savez(whole, x_train=np.zeros((2, 3)), y_train=np.zeros(2, int))
    path = damaged(whole, changes)
    read_quietly(lambda: read_npz(path, list(read_npz_headers(path))))
    read_quietly(lambda: Dataset.parse({"type": "npz", "path": str(path)}).load(seed=0))


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp", "webp", "tiff"])
@damage
@given(changes=flips)
def test_images(tmp_path: Path, write_image: Any, suffix: str, changes: Any) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (9, 9, 3), np.uint8)
    path = damaged(write_image(tmp_path / f"a.{suffix}", noise), changes)
    read_quietly(lambda: read_header(path))
    read_quietly(lambda: read_image(path, 3))


@pytest.mark.parametrize(
    "kind", ["mnist", "cifar10", "npz", "image_folder", "segmentation_folder", "csv_manifest"]
)
@pytest.mark.parametrize("path", ["x" * 5000, "a\0b", "/dev/null", "/dev/null/x", "."])
def test_impossible_paths(kind: str, path: str) -> None:
    dataset = Dataset.parse({"type": kind, "path": path})
    for read in (dataset.describe, lambda: dataset.load(seed=0)):
        with pytest.raises(DataError):
            read()
