from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from dltrain.core.errors import DataError
from dltrain.data.images import read_header, read_image

Write = Callable[..., Path]


def test_gray_stays_gray_and_becomes_colour_on_request(tmp_path: Path, write_image: Write) -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    path = write_image(tmp_path / "a.png", pixels)
    np.testing.assert_array_equal(read_image(path, 1)[..., 0], pixels)
    np.testing.assert_array_equal(read_image(path, 3), np.repeat(pixels[..., None], 3, axis=2))
    assert read_header(path).gray


def test_sixteen_bits_are_kept(tmp_path: Path, write_image: Write) -> None:
    pixels = np.array([[0, 1, 65535], [256, 257, 30000]], np.uint16)
    path = write_image(tmp_path / "a.png", pixels)
    read = read_image(path, 1)
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read[..., 0], pixels)
    assert read_header(path).deep


def test_eight_bits_read_as_sixteen_mean_the_same(tmp_path: Path, write_image: Write) -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    deep = read_image(write_image(tmp_path / "a.png", pixels), 1, deep=True)
    np.testing.assert_array_equal(deep[..., 0] / 65535, pixels / 255)


def test_what_is_transparent_is_seen_on_white(tmp_path: Path, write_image: Write) -> None:
    pixels = np.zeros((1, 2, 4), np.uint8)
    pixels[0, 1, 3] = 255
    read = read_image(write_image(tmp_path / "a.png", pixels), 1)
    assert read.ravel().tolist() == [255, 0]


def test_an_image_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.zeros((8, 16), np.uint8)).save(tmp_path / "a.jpg", exif=exif)
    header = read_header(tmp_path / "a.jpg")
    assert (header.height, header.width) == (16, 8)
    assert read_image(tmp_path / "a.jpg", 1).shape == (16, 8, 1)


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "gif", "webp", "tiff"])
def test_the_usual_formats_are_read(tmp_path: Path, write_image: Write, suffix: str) -> None:
    path = write_image(tmp_path / f"a.{suffix}", np.full((5, 7, 3), 200, np.uint8))
    read = read_image(path, 3)
    assert read.shape == (5, 7, 3)
    assert abs(int(read.mean()) - 200) < 3


def test_palettes_have_their_colours(tmp_path: Path) -> None:
    image = Image.new("P", (2, 2), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    image.save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png", 3)[0, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize("suffix", ["png", "jpg"])
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 0.9))
def test_an_image_cut_anywhere_is_a_data_error_with_its_name(
    tmp_path: Path, write_image: Write, suffix: str, share: float
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (20, 20), np.uint8)
    path = write_image(tmp_path / f"a.{suffix}", noise)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(DataError) as caught:
        read_image(path, 1)
    assert caught.value.at == str(path)


def test_an_absent_file_and_a_folder_are_data_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_image(tmp_path / "absent.png", 1)
    with pytest.raises(DataError, match="folder"):
        read_image(tmp_path, 1)


def test_an_image_that_unpacks_to_far_too_much_is_refused(
    tmp_path: Path, write_image: Write, monkeypatch: Any
) -> None:
    path = write_image(tmp_path / "a.png", np.zeros((40, 40), np.uint8))
    for limit in (1000, 100):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with pytest.raises(DataError, match="million pixels"):
            read_image(path, 1)
