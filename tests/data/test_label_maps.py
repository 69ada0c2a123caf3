"""Targets with a label for each pixel: read, checked, and changed as their images are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dltrain.core.errors import DataError, ShapeError
from dltrain.core.labels import VOID
from dltrain.data.augmentations.base import Augmentation
from dltrain.data.draws import uniform
from dltrain.data.loader import Loader
from dltrain.data.samples import Data
from dltrain.data.sources.base import Dataset
from dltrain.data.transforms.base import Transform

FIELDS = {"random_crop": {"padding": 2}, "random_rotation": {"degrees": 30}}


def saved(path: Path, **arrays: NDArray[Any]) -> Path:
    np.savez(path / "maps.npz", **arrays)
    return path / "maps.npz"


def dataset(path: Path, **fields: Any) -> Dataset:
    read: Dataset = Dataset.parse({"type": "npz", "path": str(path), **fields})
    return read


def blocks(count: int = 6, size: int = 12) -> NDArray[np.uint8]:
    """Give images [n, size, size] in large blocks of 0 to 4; each pixel tells its class."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 5, (count, 3, 3), np.uint8)
    return coarse.repeat(size // 3, 1).repeat(size // 3, 2)


def batch(data: Data, **order: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Give all samples of the training split and their targets."""
    train = data.splits["train"]
    one = next(iter(Loader(train, len(train), seed=3, **order)))
    return one.x.copy(), one.y.copy()


@pytest.mark.parametrize("axis", [False, True], ids=["no channel", "one channel"])
@pytest.mark.parametrize("kind", ["uint8", "int32", "int64", "bool"])
def test_whole_numbers_at_each_pixel_are_labels(tmp_path: Path, axis: bool, kind: str) -> None:
    x = blocks()
    y = (x % 2).astype(kind)
    path = saved(tmp_path, x_train=x, y_train=y[..., np.newaxis] if axis else y)
    for facts in (dataset(path).describe(), dataset(path).load(seed=0)):
        assert (facts.target_form, facts.target_shape, facts.classes) == ("labels", (12, 12), 2)
    _, found = batch(dataset(path).load(seed=0))
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, y)


def test_the_form_of_targets_can_be_said(tmp_path: Path) -> None:
    x, y = np.zeros((4, 5, 2), np.float32), np.arange(20).reshape(4, 5) % 3
    path = saved(tmp_path, x_train=x, y_train=y)
    assert dataset(path).load(seed=0).target_form == "dense"
    data = dataset(path, targets="labels").load(seed=0)
    assert (data.target_form, data.target_shape, data.classes) == ("labels", (5,), 3)
    np.testing.assert_array_equal(batch(data)[1], y)
    maps = saved(tmp_path, x_train=blocks(), y_train=blocks())
    assert dataset(maps, targets="dense").load(seed=0).target_form == "dense"
    with pytest.raises(DataError, match="labels must be whole numbers, not float64"):
        dataset(saved(tmp_path, x_train=x, y_train=y / 2), targets="labels").load(seed=0)


def test_a_class_to_ignore_becomes_no_label(tmp_path: Path) -> None:
    y = blocks()
    y[y == 4] = 255
    data = dataset(saved(tmp_path, x_train=blocks(), y_train=y), ignore_class=255).load(seed=0)
    assert data.classes == 4
    np.testing.assert_array_equal(batch(data)[1], np.where(y == 255, VOID, y.astype(int)))


def test_samples_without_a_label_are_split_like_a_class(tmp_path: Path) -> None:
    x, y = np.zeros((40, 2)), np.repeat([-1, 0, 1, 2], 10)
    path = saved(tmp_path, x_train=x, y_train=y)
    data = dataset(path, ignore_class=-1, validation=0.2).load(seed=0)
    assert sorted(data.splits["validation"].targets) == [-1, -1, 0, 0, 1, 1, 2, 2]
    with pytest.raises(DataError, match="sample 0 has -1, and 9 more"):
        dataset(path).load(seed=0)


@pytest.mark.parametrize(
    ("wrong", "fields", "message", "hint"),
    [
        (7, {"classes": 5}, r"sample 2 has 7 at \(3, 1\)", "ignore_class"),
        (-1, {}, r"sample 2 has -1 at \(3, 1\)", "ignore_class"),
        (-1, {"ignore_class": 4}, "labels outside the classes: there is -1", "-1 and 4"),
        (255, {}, "255 is a label and 254 is none", "ignore_class: 255"),
    ],
)
def test_labels_of_no_class_are_told_with_their_place(
    tmp_path: Path, wrong: int, fields: Any, message: str, hint: str
) -> None:
    y = blocks().astype(np.int16)
    y[2, 3, 1] = wrong
    with pytest.raises(DataError, match=message) as caught:
        dataset(saved(tmp_path, x_train=blocks(), y_train=y), **fields).load(seed=0)
    assert hint in (caught.value.hint or "")


def test_dense_targets_have_no_class_to_ignore(tmp_path: Path) -> None:
    path = saved(tmp_path, x_train=np.zeros((4, 2)), y_train=np.zeros((4, 2)))
    with pytest.raises(DataError, match="the targets are dense"):
        dataset(path, ignore_class=255).load(seed=0)


@pytest.mark.parametrize("name", list(Augmentation.registry()))
def test_every_augmentation_moves_a_map_as_its_image(name: str) -> None:
    augmentation = Augmentation.parse({"type": name, **FIELDS.get(name, {})})
    maps = np.repeat(blocks(16).astype(np.int16)[:8], 2, axis=0)
    draws = uniform(0, "test", 1, np.arange(16), augmentation.draws)
    # So far apart that a pixel between two classes, mixed of both, is of neither.
    images = (1 + maps[..., np.newaxis]).astype(np.float32) ** 3
    moved, labels = augmentation.apply(images, draws)[..., 0], maps.copy()
    labels = augmentation.apply_to_labels(labels, draws)
    pure = np.isin(moved, [(1 + each) ** 3 for each in range(-1, 5)])
    assert pure.mean() > 0.5
    np.testing.assert_array_equal((1.0 + labels[pure]) ** 3, moved[pure])
    assert labels.dtype == np.int16
    assert not np.array_equal(labels, maps)


@pytest.mark.parametrize("name", list(Transform.registry()))
def test_every_transform_changes_a_map_as_its_image(name: str) -> None:
    fields = {
        "resize": {"size": [24, 36], "interpolation": "nearest"},
        "normalize": {"mean": 0, "std": 1},
    }
    transform = Transform.parse({"type": name, **fields.get(name, {})})
    images = blocks()[..., np.newaxis].astype(np.float32)
    changed = transform.apply(images.copy())[..., 0]
    np.testing.assert_array_equal(transform.apply_to_labels(blocks()), changed)


@pytest.mark.parametrize("size", [(5, 7), (12, 12), (30, 20), (1, 1)])
def test_a_resized_map_is_that_of_an_image_library(size: tuple[int, int]) -> None:
    maps = blocks()
    resize = Transform.parse({"type": "resize", "size": list(size)})
    wanted = [
        np.asarray(Image.fromarray(each).resize(size[::-1], Image.Resampling.NEAREST))
        for each in maps
    ]
    np.testing.assert_array_equal(resize.apply_to_labels(maps), wanted)


@pytest.mark.parametrize(
    "transforms",
    [
        [],
        [{"type": "resize", "size": [24, 24], "interpolation": "nearest"}],
        [
            {"type": "normalize", "mean": 0, "std": 1},
            {"type": "resize", "size": [24, 24], "interpolation": "nearest"},
        ],
    ],
    ids=["none", "on pixels", "after scaling"],
)
def test_batches_hold_maps_that_fit_their_images(tmp_path: Path, transforms: list[Any]) -> None:
    path = saved(tmp_path, x_train=blocks(40), y_train=blocks(40))
    augment = ["random_flip", {"type": "random_crop", "padding": 2}]
    source = dataset(path, transforms=transforms, augment=augment, validation=0.25)
    data = source.load(seed=0)
    side = 24 if transforms else 12
    assert source.describe().target_shape == data.target_shape == (side, side)
    x, y = batch(data, shuffle=True, augment=True, epoch=2)
    assert x.shape == (30, side, side, 1)
    assert (y == VOID).any()
    np.testing.assert_array_equal(np.rint(x[..., 0] * 255), np.where(y == VOID, 0, y))
    x, y = batch(data)
    np.testing.assert_array_equal(np.rint(x[..., 0] * 255), y)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"transforms": [{"type": "resize", "size": [5, 5]}]}, "transforms"),
        ({"augment": ["random_flip"]}, "augment"),
    ],
)
@pytest.mark.parametrize("targets", ["labels", "dense"])
def test_targets_that_cannot_follow_their_images_are_refused(
    tmp_path: Path, fields: Any, place: str, targets: str
) -> None:
    y = blocks()[:, ::2, ::2] if targets == "labels" else blocks()
    path = saved(tmp_path, x_train=blocks(), y_train=y)
    with pytest.raises(ShapeError, match="but not their targets") as caught:
        dataset(path, targets=targets, **fields).describe()
    assert caught.value.loc == ("dataset", place, 0)
