"""A learning rate that falls at given steps."""

from __future__ import annotations

from bisect import bisect_left
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from dltrain.core.fields import Count, PositiveInteger, PositiveNumber
from dltrain.schedules.base import Schedule, warmed_up


class PiecewiseConstant(Schedule):
    """The first of `values` up to the first of `boundaries`, then the next, and so on."""

    boundaries: Annotated[tuple[PositiveInteger, ...], Field(min_length=1)]
    """Steps after which the next value holds, rising."""
    values: Annotated[tuple[PositiveNumber, ...], Field(min_length=2)]
    """Learning rates, one more than there are boundaries."""
    warmup_steps: Count = 0
    """Updates over which the rate first rises to its value."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.values) != len(self.boundaries) + 1:
            raise PydanticCustomError(
                "schedule_values",
                "{boundaries} boundaries need {wanted} values, got {values}",
                {
                    "boundaries": len(self.boundaries),
                    "wanted": len(self.boundaries) + 1,
                    "values": len(self.values),
                },
            )
        if list(self.boundaries) != sorted(set(self.boundaries)):
            raise PydanticCustomError("schedule_order", "boundaries must rise")
        return self

    def value(self, step: int, total: int) -> float:
        """Give the learning rate after `step` of `total` updates."""
        rate = self.values[bisect_left(self.boundaries, step)]
        return rate * warmed_up(step, self.warmup_steps)
