"""What a metric is: a number that people read, the mean over samples of a count or a distance."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.component import Component
from dltrain.losses.base import Comparing, rows_of


class Metric(Component):
    """A mean over samples, summed in the table beside the loss."""

    kind: ClassVar[str] = "metric"
    package: ClassVar[str] = "dltrain.metrics"

    def forward(self, at: Comparing) -> None:
        """Write the rows that add this metric's sum over samples to `at.total`."""
        raise NotImplementedError


def compare(at: Comparing, kernel: str, *sizes: int) -> None:
    """Write the row of a kernel with the operands (output, target, total)."""
    at.row(
        kernel,
        variant=(int(at.target_form == "dense"),),
        reads=(at.output, at.target_buffer),
        writes=(at.total,),
        sizes=(*rows_of(at.output.shape), *sizes),
    )
