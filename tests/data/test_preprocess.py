from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import DataError
from dltrain.data.preprocess import Preprocessor
from dltrain.data.sources.base import Dataset

Write = Callable[..., Path]
TRANSFORMS = [
    [],
    ["normalize"],
    [{"type": "resize", "size": [8, 9]}, "normalize"],
    ["normalize", {"type": "resize", "size": [3, 5]}],
    ["grayscale", {"type": "normalize", "mean": 0.5, "std": 0.5}],
]


@pytest.mark.parametrize("transforms", TRANSFORMS)
@pytest.mark.parametrize("colour", [False, True])
def test_a_prediction_sees_what_training_saw(
    tmp_path: Path, write_image: Write, transforms: list[Any], colour: bool
) -> None:
    generator = np.random.default_rng(0)
    shape = (4, 6, 3) if colour else (4, 6)
    images = [generator.integers(0, 256, shape, np.uint8) for _ in range(6)]
    for number, image in enumerate(images):
        write_image(tmp_path / "ab"[number % 2] / f"{number}.png", image)
    fields = {"type": "image_folder", "path": str(tmp_path), "transforms": transforms}
    data = Dataset.parse(fields).load(seed=0)
    seen = np.empty((6, *data.input_shape), np.float32)
    data.splits["train"].gather(np.arange(6), seen)

    kept = json.loads(json.dumps(data.preprocessing))
    preprocessor = Preprocessor(kept, data.input_shape)
    files = sorted(tmp_path.glob("*/*.png"))
    from_files = np.stack([preprocessor.from_path(file) for file in files])
    np.testing.assert_array_equal(from_files, seen)
    stacked = np.stack([images[int(file.stem)] for file in files])
    np.testing.assert_array_equal(preprocessor.from_array(stacked), seen)


def test_an_image_of_another_size_is_an_error_with_both_sizes(
    tmp_path: Path, write_image: Write
) -> None:
    path = write_image(tmp_path / "a.png", np.zeros((10, 20), np.uint8))
    preprocessor = Preprocessor({"source_shape": [28, 28, 1], "transforms": []}, (28, 28, 1))
    with pytest.raises(DataError, match="20 x 10 pixels, where 28 x 28") as caught:
        preprocessor.from_path(path)
    assert caught.value.at == str(path)


def test_images_are_brought_to_the_models_channels(tmp_path: Path, write_image: Write) -> None:
    path = write_image(tmp_path / "a.png", np.full((4, 4, 3), 51, np.uint8))
    preprocessor = Preprocessor({"source_shape": [4, 4, 1], "transforms": []}, (4, 4, 1))
    np.testing.assert_array_equal(
        preprocessor.from_path(path), np.full((4, 4, 1), np.float32(51) / np.float32(255))
    )


@pytest.mark.parametrize("shape", [(7, 4, 4, 1), (7, 4, 4), (4, 4, 1), (4, 4)])
def test_one_sample_and_a_missing_channel_axis_are_understood(shape: tuple[int, ...]) -> None:
    preprocessor = Preprocessor({"source_shape": [4, 4, 1], "transforms": []}, (4, 4, 1))
    batch = preprocessor.from_array(np.full(shape, 65535, np.uint16))
    assert batch.shape == (7 if shape[0] == 7 else 1, 4, 4, 1)
    assert (batch == 1).all()


def test_floats_and_other_numbers_are_taken_as_they_are() -> None:
    preprocessor = Preprocessor({"source_shape": [3], "transforms": []}, (3,))
    for dtype in (np.float64, np.float32, np.int64, np.int32):
        batch = preprocessor.from_array(np.array([[1, 2, 300]], dtype))
        assert batch.dtype == np.float32
        assert batch.tolist() == [[1, 2, 300]]


def test_the_callers_array_is_left_alone() -> None:
    kept = {"source_shape": [2], "transforms": [{"type": "normalize", "mean": 1.0, "std": 2.0}]}
    x = np.array([[3, 5]], np.float32)
    assert Preprocessor(kept, (2,)).from_array(x).tolist() == [[1, 2]]
    assert x.tolist() == [[3, 5]]


def test_an_array_of_another_shape_is_an_error_with_both_shapes() -> None:
    preprocessor = Preprocessor({"source_shape": [28, 28, 1], "transforms": []}, (28, 28, 1))
    with pytest.raises(DataError, match=r"\(28, 28, 1\), but the array has shape \(5, 27, 28\)"):
        preprocessor.from_array(np.zeros((5, 27, 28)))
    with pytest.raises(DataError, match="numbers"):
        preprocessor.from_array(np.array(["a"]))


def test_a_model_of_vectors_takes_no_image_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="takes vectors"):
        Preprocessor({"source_shape": [3], "transforms": []}, (3,)).from_path(tmp_path / "a.png")
