"""Precision and recall in one number."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.fields import Count
from dltrain.core.shapes import Shape
from dltrain.losses.base import Comparing
from dltrain.metrics.base import Metric, Total
from dltrain.metrics.counting import (
    Average,
    check_class,
    classes_of,
    count_classes,
    counts_of,
    score,
)


class F1Score(Metric):
    """The harmonic mean of precision and recall of a class.

    Counted over all samples at once. Several sigmoids are measured each by itself, above 0.5.
    """

    counts_classes: ClassVar[bool] = True

    average: Average = "macro"
    """macro: the mean over the classes that occur; weighted: by how often they do; micro: all
    classes counted together."""
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
        """Divide twice what is rightly found by what is found and what is true."""
        counts = counts_of(total)
        both = counts.true + counts.found
        return score(counts, 2 * counts.right, both, average=self.average, class_id=self.class_id)
