"""How well the pixels of each class are found, by their intersection over union."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.fields import Count
from dltrain.core.shapes import Shape
from dltrain.losses.base import Comparing
from dltrain.metrics.base import Metric, Total
from dltrain.metrics.counting import check_class, classes_of, count_classes, counts_of, score


class MeanIou(Metric):
    """Pixels where a class is found and true over those where it is either, the mean over classes.

    Counted over all samples at once; a class that is nowhere found or true is left out.
    """

    counts_classes: ClassVar[bool] = True

    class_id: Count | None = None
    """The class to measure alone, counted from 0."""

    def check(self, output: Shape, classes: int | None) -> None:
        """Raise ShapeError where there is no such class."""
        check_class(self.class_id, output)

    def totals(self, output: Shape) -> int:
        """Tell how many sums it needs."""
        return 3 * classes_of(output)

    def forward(self, at: Comparing) -> None:
        """Write the row that counts."""
        count_classes(at)

    def value(self, total: Total, positions: float) -> float:
        """Divide intersections by unions."""
        counts = counts_of(total)
        union = counts.true + counts.found - counts.right
        return score(counts, counts.right, union, class_id=self.class_id)
