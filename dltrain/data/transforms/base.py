"""What a transform is: a fixed step that samples go through before the network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from numpy.typing import NDArray

from dltrain.core.component import Component
from dltrain.core.shapes import Shape


class Transform(Component):
    """A step of the preprocessing, the same for every split and for prediction.

    Transforms at the head of the list that work on pixels are done once, on the stored 8 or 16-bit
    values; from the first other one on, all work on float32 values as the network sees them.
    """

    kind: ClassVar[str] = "transform"
    package: ClassVar[str] = "dltrain.data.transforms"

    on_pixels: ClassVar[bool] = False
    """Whether the step keeps the type of its samples and so can be done before the scaling."""

    def output_shape(self, shape: Shape) -> Shape:
        """Give the shape of a transformed sample; raise ShapeError where samples do not fit."""
        return shape

    def apply(self, x: NDArray[Any]) -> NDArray[Any]:
        """Transform a batch [n, ...]; float32 memory may be reused for the result."""
        raise NotImplementedError

    def apply_to_labels(self, labels: NDArray[Any]) -> NDArray[Any]:
        """Change maps of labels [n, height, width] as their images."""
        return labels

    def learnt(self, batches: Iterable[NDArray[Any]]) -> Self:
        """Give this transform with its `auto` values taken from the training split."""
        return self

    @property
    def fixes_size(self) -> bool:
        """Whether images of any size come out with the same height and width."""
        return False
