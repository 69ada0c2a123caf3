"""Values with mean 0 and standard deviation 1."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from dltrain.core.errors import ShapeError
from dltrain.core.fields import Number, PositiveNumber
from dltrain.core.shapes import Shape, describe
from dltrain.data.transforms.base import Transform

Means = Annotated[tuple[Number, ...], Field(min_length=1)]
Deviations = Annotated[tuple[PositiveNumber, ...], Field(min_length=1)]


class Normalize(Transform):
    """Subtract a mean and divide by a standard deviation, one of each per channel or feature.

    `auto` values are those of the training split, without augmentation, and are kept in the
    checkpoint. A channel that never changes is divided by 1.
    """

    mean: Literal["auto"] | Number | Means = "auto"
    """What is subtracted: `auto`, a number, or one number per channel."""
    std: Literal["auto"] | PositiveNumber | Deviations = "auto"
    """What is divided by: `auto`, a number, or one number per channel."""

    def output_shape(self, shape: Shape) -> Shape:
        """Keep the shape, if there are as many numbers as channels."""
        for name in ("mean", "std"):
            value = getattr(self, name)
            if isinstance(value, tuple) and len(value) not in (1, shape[-1]):
                raise ShapeError(
                    f"{name} has {len(value)} numbers, but samples of shape {describe(shape)} "
                    f"have {shape[-1]} channels",
                    field=name,
                )
        return shape

    def apply(self, x: NDArray[Any]) -> NDArray[Any]:
        """Normalize a float32 batch in its own memory."""
        np.subtract(x, np.asarray(self.mean, np.float32), out=x)
        np.divide(x, np.asarray(self.std, np.float32), out=x)
        return x

    def learnt(self, batches: Iterable[NDArray[Any]]) -> Self:
        """Measure what is `auto`, in float64."""
        if "auto" not in (self.mean, self.std):
            return self
        mean, std = _moments(batches)
        found: dict[str, tuple[float, ...]] = {}
        if self.mean == "auto":
            found["mean"] = tuple(mean.tolist())
        if self.std == "auto":
            found["std"] = tuple(np.where(std > 0, std, 1.0).tolist())
        return self.model_copy(update=found)


def _moments(batches: Iterable[NDArray[Any]]) -> tuple[NDArray[Any], NDArray[Any]]:
    count, mean, spread = 0, np.zeros(1), np.zeros(1)
    for batch in batches:
        values = batch.reshape(-1, batch.shape[-1]).astype(np.float64)
        here = values.mean(axis=0)
        inside = np.square(values - here).sum(axis=0)
        # Merged by Chan's formula: a plain sum of squares loses small deviations of large values.
        total = count + len(values)
        shift = here - mean
        spread = spread + inside + shift * shift * (count * len(values) / total)
        mean = mean + shift * (len(values) / total)
        count = total
    return mean, np.sqrt(spread / max(count, 1))
