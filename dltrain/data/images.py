"""Image files as arrays [height, width, channels] of 8 or 16-bit values."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm", ".pbm"}
)
"""What counts as an image when a folder is read, in small letters."""

# What Pillow's readers raise on damaged files; a decompression bomb has a class of its own.
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, LookupError, ArithmeticError, TypeError)
_GRAY = frozenset({"1", "L", "LA", "La"})
_DEEP = frozenset({"I;16", "I;16B", "I;16L", "I;16N"})
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class ImageHeader:
    """What an image file says about itself before its pixels are read."""

    height: int
    width: int
    gray: bool
    deep: bool
    """Whether the pixels have 16 bits."""


def read_header(path: Path) -> ImageHeader:
    """Read size and kind of an image, as it will be after its EXIF orientation is applied."""
    with opened(path) as image:
        width, height = image.size
        if image.getexif().get(_ORIENTATION) in (5, 6, 7, 8):
            width, height = height, width
        deep = _is_deep(image)
        return ImageHeader(height, width, gray=deep or image.mode in _GRAY, deep=deep)


def read_image(path: Path, channels: int, *, deep: bool = False) -> NDArray[Any]:
    """Read an image as uint8 [height, width, channels]; uint16 if `deep` or the file has 16 bits.

    Turned upright by its EXIF orientation; what is transparent is seen on white; colours become
    gray by 0.299 R + 0.587 G + 0.114 B; of an animation, the first frame.
    Raises: DataError, naming the file, if it is absent, damaged, or unpacks to a huge image.
    """
    from PIL import ImageOps

    with opened(path) as image:
        # Asked of the image as opened: a turned copy no longer knows its file format.
        is_deep = _is_deep(image)
        upright = ImageOps.exif_transpose(image)
        if is_deep:
            pixels = _deep_pixels(upright)
            gray = pixels if channels == 1 else np.repeat(pixels, channels, axis=2)
            return np.ascontiguousarray(gray)
        pixels = _pixels(upright, channels)
    # 257 * v / 65535 is exactly v / 255.
    if not deep:
        return pixels
    deepened: NDArray[Any] = pixels.astype(np.uint16) * np.uint16(257)
    return deepened


def _is_deep(image: Image) -> bool:
    return image.mode in _DEEP or (image.mode == "I" and image.format in ("PNG", "PPM"))


def _deep_pixels(image: Image) -> NDArray[Any]:
    values: NDArray[Any] = np.clip(np.asarray(image), 0, 65535).astype(np.uint16)
    return values[:, :, np.newaxis]


def _pixels(image: Image, channels: int) -> NDArray[Any]:
    from PIL import Image as Images

    if image.mode in ("I", "F"):
        raise ValueError("its pixels have 32 bits; save it with 8 or 16")
    if image.has_transparency_data:
        paper = Images.new("RGBA", image.size, "white")
        image = Images.alpha_composite(paper, image.convert("RGBA"))
    elif image.mode == "P":
        image = image.convert("RGB")
    converted = image.convert("L" if channels == 1 else "RGB")
    return np.asarray(converted).reshape(converted.height, converted.width, channels)


@contextmanager
def opened(path: Path) -> Iterator[Image]:
    """Open an image; what goes wrong with it inside the block is a DataError that names it."""
    from PIL import Image as Images
    from PIL import UnidentifiedImageError

    # Pillow warns of an image that unpacks to far more than its file; here that is an error.
    warnings.filterwarnings("error", category=Images.DecompressionBombWarning)
    try:
        with Images.open(path) as image:
            yield image
    except FileNotFoundError as error:
        raise DataError("there is no such file", at=str(path)) from error
    except IsADirectoryError as error:
        raise DataError("an image is wanted, but this is a folder", at=str(path)) from error
    except PermissionError as error:
        raise DataError("the file may not be read", at=str(path)) from error
    except (Images.DecompressionBombError, Images.DecompressionBombWarning) as error:
        limit = (Images.MAX_IMAGE_PIXELS or 0) // 1_000_000
        message = f"the image has more than {limit} million pixels, and is not read"
        raise DataError(message, at=str(path), hint="make it smaller") from error
    except UnidentifiedImageError as error:
        raise DataError("the file is no image that can be read", at=str(path)) from error
    except (*_DAMAGE, struct.error) as error:
        raise DataError(f"the image cannot be read: {error}", at=str(path)) from error
