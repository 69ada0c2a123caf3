from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dltrain.core.errors import DataError
from dltrain.core.labels import VOID
from dltrain.data.loader import Loader
from dltrain.data.samples import Data
from dltrain.data.sources.base import Dataset

Write = Callable[..., Path]


def maps(count: int = 10, height: int = 6, width: int = 8) -> NDArray[np.uint8]:
    """Give the classes 0 to 2 of pixels [n, height, width]."""
    return np.random.default_rng(0).integers(0, 3, (count, height, width), np.uint8)


@pytest.fixture
def folder(tmp_path: Path, write_image: Write) -> Path:
    """Ten images whose red tells the class of each pixel, with their masks."""
    for number, one in enumerate(maps()):
        write_image(tmp_path / "images" / f"{number}.png", coloured(one))
        write_image(tmp_path / "masks" / f"{number}.png", one)
    return tmp_path


def coloured(one: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.stack([one * np.uint8(50), one * np.uint8(0) + np.uint8(9), one], axis=-1)


def load(path: Path, **fields: Any) -> Data:
    data: Data = dataset(path, **fields).load(seed=0)
    return data


def dataset(path: Path, **fields: Any) -> Dataset:
    read: Dataset = Dataset.parse({"type": "segmentation_folder", "path": str(path), **fields})
    return read


def batch(data: Data, split: str = "train", **order: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    samples = data.splits[split]
    one = next(iter(Loader(samples, len(samples), **order)))
    return one.x.copy(), one.y.copy()


def test_every_image_gets_the_mask_of_its_name(folder: Path) -> None:
    data = load(folder)
    x, y = batch(data)
    assert (data.input_shape, data.target_shape, data.classes) == ((6, 8, 3), (6, 8), 3)
    np.testing.assert_array_equal(y, maps())
    np.testing.assert_array_equal(np.rint(x[..., 0] * 255), maps() * 50)


def test_facts_agree_with_what_is_loaded(folder: Path) -> None:
    resize = {"type": "resize", "size": [3, 4], "interpolation": "nearest"}
    fields: dict[str, Any]
    for fields in ({}, {"classes": 5}, {"transforms": [resize], "test": 0.2, "validation": 0.25}):
        facts, data = dataset(folder, **fields).describe(), load(folder, **fields)
        assert facts is not None
        assert facts.input_shape == data.input_shape
        assert (facts.classes, facts.class_names) == (data.classes, data.class_names)
        assert (facts.target_form, facts.target_shape) == (data.target_form, data.target_shape)
        assert facts.samples == {name: len(split) for name, split in data.splits.items()}


@pytest.mark.parametrize("layout", ["{split}/images", "images/{split}"])
def test_splits_are_folders_within_or_around(
    tmp_path: Path, write_image: Write, layout: str
) -> None:
    for split, count in (("train", 4), ("val", 2), ("test", 1)):
        for number, one in enumerate(maps(count)):
            place = layout.format(split=split)
            write_image(tmp_path / place / f"{number}.jpg", coloured(one))
            write_image(tmp_path / place.replace("images", "masks") / f"{number}.png", one)
    assert {name: len(split) for name, split in load(tmp_path).splits.items()} == {
        "train": 4,
        "validation": 2,
        "test": 1,
    }


def test_images_and_masks_may_lie_in_folders_of_other_names(folder: Path) -> None:
    (folder / "images").rename(folder / "photos")
    (folder / "masks").rename(folder / "labels")
    data = load(folder, images="photos", masks="labels")
    np.testing.assert_array_equal(batch(data)[1], maps())


@pytest.mark.parametrize("mode", ["L", "P", "RGB", "I;16"])
def test_a_mask_is_gray_or_a_palette_whatever_its_mode(
    folder: Path, write_image: Write, mode: str
) -> None:
    one = maps()[0]
    image = Image.fromarray(one.astype(np.uint16) if mode == "I;16" else one)
    if mode == "P":
        image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    elif mode == "RGB":
        image = image.convert(mode)
    image.save(folder / "masks" / "0.png")
    np.testing.assert_array_equal(batch(load(folder))[1], maps())


@pytest.mark.parametrize(
    ("classes", "names"),
    [
        (None, ("0", "1", "2")),
        (4, ("0", "1", "2", "3")),
        (["sky", "tree", "road"], ("sky", "tree", "road")),
        ({"road": 2, "sky": 0, "tree": 1}, ("road", "sky", "tree")),
    ],
)
def test_classes_are_counted_named_or_given_by_their_values(
    folder: Path, classes: Any, names: tuple[str, ...]
) -> None:
    data = load(folder, classes=classes)
    assert data.class_names == names
    wanted = maps().astype(int)
    if isinstance(classes, dict):
        wanted = np.array([1, 2, 0])[wanted]
    np.testing.assert_array_equal(batch(data)[1], wanted)


def test_a_value_of_255_can_be_a_class_or_none(folder: Path, write_image: Write) -> None:
    for number, one in enumerate(maps()):
        write_image(folder / "masks" / f"{number}.png", np.where(one == 2, 255, one).astype("u1"))
    with pytest.raises(DataError, match="255 is a label and 254 is none") as caught:
        load(folder)
    assert "ignore_class: 255" in (caught.value.hint or "")
    ignoring = load(folder, ignore_class=255)
    assert ignoring.classes == 2
    np.testing.assert_array_equal(
        batch(ignoring)[1], np.where(maps() == 2, VOID, maps().astype(int))
    )
    named = load(folder, classes={"a": 0, "b": 1, "c": 255})
    np.testing.assert_array_equal(batch(named)[1], maps())


@pytest.mark.parametrize("fields", [{"classes": 2}, {"classes": {"a": 0, "b": 1}}])
def test_a_value_of_no_class_names_its_file(folder: Path, fields: Any) -> None:
    with pytest.raises(DataError, match="2 is the value of no class") as caught:
        load(folder, **fields)
    assert str(caught.value.at).startswith(str(folder / "masks"))


def test_masks_of_images_of_several_sizes_are_resized_with_them(
    folder: Path, write_image: Write
) -> None:
    large = maps(1, 12, 20)[0]
    write_image(folder / "images" / "3.png", coloured(large))
    write_image(folder / "masks" / "3.png", large)
    with pytest.raises(DataError, match="20 x 12 pixels, where 8 x 6"):
        load(folder)
    resize = {"type": "resize", "size": [6, 8], "interpolation": "nearest"}
    x, y = batch(load(folder, transforms=[resize]))
    np.testing.assert_array_equal(np.rint(x[..., 0] * 255), y * 50)
    wanted = Image.fromarray(large).resize((8, 6), Image.Resampling.NEAREST)
    np.testing.assert_array_equal(y[3], np.asarray(wanted))


def test_augmented_masks_stay_with_their_images(folder: Path) -> None:
    augment = ["random_flip", {"type": "random_crop", "padding": 2}]
    x, y = batch(load(folder, augment=augment), augment=True, shuffle=True)
    np.testing.assert_array_equal(np.rint(x[..., 0] * 255), np.where(y == VOID, 0, y) * 50)
    assert (y == VOID).any()


def test_a_trained_models_classes_are_kept(folder: Path) -> None:
    read = dataset(folder)
    names = ("a", "b", "c", "d")
    kept = {"source_shape": [6, 8, 3], "transforms": []}
    assert read.load(seed=0, preprocessing=kept, class_names=names).class_names == names
    with pytest.raises(DataError, match="labels outside the classes 0 to 1"):
        read.load(seed=0, preprocessing=kept, class_names=names[:2])


def without_a_mask(folder: Path, write: Write) -> None:
    (folder / "masks" / "4.png").unlink()


def with_two_masks(folder: Path, write: Write) -> None:
    write(folder / "masks" / "4.bmp", maps()[4])


def with_colours(folder: Path, write: Write) -> None:
    write(folder / "masks" / "4.png", coloured(maps()[4]))


def of_another_size(folder: Path, write: Write) -> None:
    write(folder / "masks" / "4.png", maps(1, 5, 8)[0])


def damaged(folder: Path, write: Write) -> None:
    (folder / "masks" / "4.png").write_bytes((folder / "masks" / "4.png").read_bytes()[:60])


def of_jpeg(folder: Path, write: Write) -> None:
    for path in (folder / "masks").iterdir():
        path.rename(path.with_suffix(".jpg"))


def without_masks(folder: Path, write: Write) -> None:
    (folder / "masks").rename(folder / "mask")


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (without_a_mask, "the image 4.png has no mask"),
        (with_two_masks, "the image 4.png has several masks"),
        (with_colours, "one whole number for each pixel, but this image is RGB"),
        (of_another_size, "8 x 5 pixels, but its image 4.png has 8 x 6"),
        (damaged, "can(not)? be read"),
        (of_jpeg, "holds none of"),
        (without_masks, "there is no such folder"),
    ],
)
def test_what_is_wrong_with_masks_is_told_with_the_place(
    folder: Path, write_image: Write, harm: Any, message: str
) -> None:
    harm(folder, write_image)
    with pytest.raises(DataError, match=message.replace(".", r"\.")) as caught:
        load(folder)
    assert str(folder / "mask") in str(caught.value.at)


def test_masks_of_no_image_are_left_out_and_told(folder: Path, write_image: Write) -> None:
    write_image(folder / "masks" / "more.png", maps()[0])
    said: list[str] = []
    data = dataset(folder).load(seed=0, announce=said.append)
    assert len(data.splits["train"]) == 10
    assert "more.png" in said[0]
