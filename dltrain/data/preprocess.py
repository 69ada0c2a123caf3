"""The way of an image into the network, kept in the checkpoint and gone again by predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.core.shapes import Shape, describe, kind_of
from dltrain.data.encoders.base import Encoder, restored
from dltrain.data.images import read_image
from dltrain.data.scaling import divisor_of, scaled
from dltrain.data.stores import apply, check_size
from dltrain.data.transforms.base import Transform


def divide(
    transforms: tuple[Transform, ...],
) -> tuple[tuple[Transform, ...], tuple[Transform, ...]]:
    """Divide transforms into those done on stored pixels, at the head, and those after scaling."""
    for position, transform in enumerate(transforms):
        if not transform.on_pixels:
            return transforms[:position], transforms[position:]
    return transforms, ()


def describe_preprocessing(
    source: Shape, transforms: tuple[Transform, ...], encoder: Encoder | None = None
) -> dict[str, Any]:
    """Write as plain JSON what `Preprocessor` needs; `source` is the shape of a stored sample."""
    known = {
        "source_shape": list(source),
        "transforms": [_plain(transform.dump()) for transform in transforms],
    }
    return known if encoder is None else {**known, "encoder": _plain(encoder.as_json())}


class Preprocessor:
    """Images and arrays made into what the network sees, as in training but unaugmented."""

    def __init__(self, preprocessing: Mapping[str, Any], input_shape: Shape) -> None:
        self.input_shape = tuple(input_shape)
        self.source_shape: Shape = tuple(preprocessing.get("source_shape", input_shape))
        self.encoder = restored(preprocessing)
        transforms = tuple(Transform.parse(each) for each in preprocessing.get("transforms", ()))
        self._on_pixels, self._after = divide(transforms)
        self._any_size = any(transform.fixes_size for transform in self._on_pixels)

    def from_path(self, path: Path) -> NDArray[np.float32]:
        """Read one image file; give one sample.

        Raises: DataError where the file is absent or damaged, or of another size than the model's
        while no transform resizes.
        """
        if len(self.source_shape) != 3:
            raise DataError(
                f"the model takes {kind_of(self.source_shape)}, not images", at=str(path)
            )
        image = read_image(Path(path), self.source_shape[2])
        if not self._any_size:
            check_size(Path(path), image.shape, self.source_shape)
        sample: NDArray[np.float32] = self._finished(image[np.newaxis])[0]
        return sample

    def from_records(self, records: Sequence[Any]) -> NDArray[np.float32]:
        """Take records, such as texts; give a batch.

        Raises: DataError where the model takes none, or one of them is none.
        """
        if self.encoder is None:
            raise DataError(f"the model takes {kind_of(self.source_shape)}, not records")
        return self._finished(self.encoder.encode(records))

    def from_array(self, array: NDArray[Any]) -> NDArray[np.float32]:
        """Take a batch [n, ...], or one sample; give a batch.

        uint8 is divided by 255, uint16 by 65535, anything else taken as it is. The axis of a
        single channel may be left out.
        """
        array = np.asarray(array)
        if array.dtype.kind not in "biuf":
            raise DataError(f"an array of numbers is wanted, not of {array.dtype}")
        return self._finished(self._as_batch(array))

    def _as_batch(self, array: NDArray[Any]) -> NDArray[Any]:
        wanted = self.source_shape
        candidates = [array, array[np.newaxis]]
        if wanted[-1] == 1 and len(wanted) == 3:
            candidates += [array[..., np.newaxis], array[np.newaxis, ..., np.newaxis]]
        for candidate in candidates:
            if self._fits(candidate.shape[1:], wanted):
                return candidate
        raise DataError(
            f"the model takes samples of shape {describe(wanted)}, but the array has shape "
            f"{describe(array.shape)}",
            hint="the first axis of the array counts samples",
        )

    def _fits(self, shape: Shape, wanted: Shape) -> bool:
        if self._any_size:
            return len(shape) == 3 and shape[2] == wanted[2] and min(shape) > 0
        return shape == wanted

    def _finished(self, x: NDArray[Any]) -> NDArray[np.float32]:
        divisor = divisor_of(x.dtype)
        if divisor is None:
            x = x.astype(np.float32, copy=False)
        y = apply(self._after, scaled(apply(self._on_pixels, x), divisor))
        return np.ascontiguousarray(y, np.float32)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
