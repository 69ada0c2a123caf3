"""What a data set says that it will take in memory is what its arrays take once it is read."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dltrain.data import samples, stores
from dltrain.data.drawn_shapes import draw
from dltrain.data.samples import Data
from dltrain.data.sources.base import Dataset
from dltrain.data.stores import ArrayStore

RESIZE = {"type": "resize", "size": [5, 7]}
NORMALIZE = {"type": "normalize", "mean": "auto", "std": "auto"}


@pytest.fixture
def npz(tmp_path: Path) -> dict[str, Any]:
    x = np.random.default_rng(0).integers(0, 256, (90, 12, 10, 3), np.uint8)
    y = np.arange(90) % 3
    np.savez(
        tmp_path / "data.npz", x_train=x[:60], y_train=y[:60], x_test=x[60:], y_test=y[60:],
    )  # fmt: skip
    return {"type": "npz", "path": str(tmp_path / "data.npz")}


@pytest.fixture
def photos(tmp_path: Path) -> dict[str, Any]:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 12, 10, 3), np.uint8)
    for number, image in enumerate(pixels):
        path = tmp_path / f"class{number % 2}" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(image).save(path)
    return {"type": "image_folder", "path": str(tmp_path)}


def bytes_of(data: Data) -> int:
    """Add up the arrays of a data set, each once."""
    arrays: dict[int, int] = {}
    for split in data.splits.values():
        store = split.store  # type: ignore[attr-defined]
        kept = [store.array] if isinstance(store, ArrayStore) else []
        arrays |= {id(array): array.nbytes for array in [*kept, split.targets]}
    return sum(arrays.values())


def assert_known(config: dict[str, Any]) -> None:
    dataset = Dataset.parse(config)
    facts = dataset.describe()
    assert facts is not None
    assert facts.bytes_kept == bytes_of(dataset.load(seed=0))


SPLITS: list[dict[str, Any]] = [{}, {"validation": 0.25}, {"validation": "test"}]


@pytest.mark.parametrize("fields", SPLITS)
@pytest.mark.parametrize(
    "transforms", [[], [RESIZE], [NORMALIZE, RESIZE], [{"type": "grayscale"}, NORMALIZE]]
)
def test_arrays_are_counted_once_in_the_shape_that_is_kept(
    npz: dict[str, Any], fields: dict[str, Any], transforms: list[Any]
) -> None:
    assert_known({**npz, **fields, "transforms": transforms})


@pytest.mark.parametrize("fields", SPLITS)
@pytest.mark.parametrize("transforms", [[], [RESIZE]])
def test_maps_are_counted_once_in_the_shape_that_is_kept(
    fields: dict[str, Any], transforms: list[Any]
) -> None:
    assert_known({"type": "shapes", "samples": 40, "transforms": transforms, **fields})


@pytest.mark.parametrize(
    "fields", [{}, {"validation": 0.25}, {"test": 0.2}, {"test": 0.2, "validation": 0.25}]
)
def test_shares_of_a_folder_are_counted_once(
    photos: dict[str, Any], fields: dict[str, Any]
) -> None:
    assert_known({**photos, **fields})


@pytest.mark.parametrize("budget", [40 * 360 - 1, 40 * 360])
def test_a_folder_stays_on_disk_where_its_splits_together_are_too_large(
    photos: dict[str, Any], budget: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (samples, stores):
        monkeypatch.setattr(module, "MEMORY_BUDGET", budget)
    assert_known({**photos, "validation": 0.25, "test": 0.2})


def test_what_transforms_copy_is_counted_while_it_is_read(npz: dict[str, Any]) -> None:
    plain = Dataset.parse(npz).describe()
    resized = Dataset.parse({**npz, "transforms": [RESIZE]}).describe()
    assert plain is not None
    assert resized is not None
    assert plain.bytes_read == plain.bytes_kept
    assert resized.bytes_read == resized.bytes_kept + plain.bytes_kept


def test_large_drawings_are_drawn_one_by_one() -> None:
    draw(0, 1, 512)
    tracemalloc.start()
    drawn = draw(0, 8, 512)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < sum(array.nbytes for array in drawn) + 128 * 512**2
