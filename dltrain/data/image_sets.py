"""Splits of image files: one kind and size for all, found from their headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from dltrain.core.shapes import Shape
from dltrain.data.images import read_header
from dltrain.data.parts import Part
from dltrain.data.stores import ImageStore, check_size

Listed = Sequence[tuple[Path, int]]
"""Image files, each with the number of its class."""


def image_parts(
    listed: Mapping[str, Listed], *, any_size: bool, wanted: Shape | None
) -> dict[str, Part]:
    """Make splits of image files, after a look at every header.

    Images have one channel if all of them are gray, else three; 16 bits if any of them has. With
    the shape that a trained model wants, they are brought to its channels.
    Raises: DataError where an image is damaged, or of another size than the first while `any_size`
    is not set.
    """
    headers = {path: read_header(path) for files in listed.values() for path, _ in files}
    first = next(iter(headers.values()))
    channels = 1 if all(header.gray for header in headers.values()) else 3
    deep = any(header.deep for header in headers.values())
    shape = wanted or (first.height, first.width, channels)
    if not any_size:
        for path, header in headers.items():
            check_size(path, (header.height, header.width, channels), shape)
    return {
        name: Part(
            ImageStore(tuple(path for path, _ in files), shape, deep),
            np.array([label for _, label in files], np.int32),
        )
        for name, files in listed.items()
    }
