from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from dltrain.schedules.base import Schedule


def values(fields: dict[str, Any], steps: list[int], total: int = 100) -> list[float]:
    schedule = Schedule.parse(fields)
    return [schedule.value(step, total) for step in steps]


def test_constant_is_constant() -> None:
    assert values({"type": "constant", "initial": 0.5}, [0, 7, 1000]) == [0.5] * 3


@pytest.mark.parametrize("name", ["constant", "cosine", "polynomial"])
def test_a_warm_up_rises_in_a_line_to_the_initial_rate(name: str) -> None:
    fields = {"type": name, "initial": 1.0, "warmup_steps": 4}
    assert values(fields, [0, 1, 2, 3, 4]) == pytest.approx([0.25, 0.5, 0.75, 1, 1])


def test_cosine_falls_to_its_minimum_at_the_end_of_training_and_stays() -> None:
    fields = {"type": "cosine", "initial": 1.0, "minimum": 0.2, "warmup_steps": 20}
    assert values(fields, [20, 60, 100, 200]) == pytest.approx([1, 0.6, 0.2, 0.2])


def test_cosine_takes_a_length_of_its_own() -> None:
    assert values({"type": "cosine", "initial": 1.0, "steps": 10}, [5, 10]) == pytest.approx(
        [0.5, 0]
    )


def test_polynomial_is_a_line_or_its_power() -> None:
    assert values({"type": "polynomial", "initial": 1.0}, [0, 25, 100]) == [1, 0.75, 0]
    assert values({"type": "polynomial", "initial": 1.0, "power": 2.0}, [50]) == [0.25]


def test_exponential_decay_takes_its_factor_over_its_steps() -> None:
    fields = {"type": "exponential_decay", "initial": 1.0, "decay_rate": 0.25}
    assert values(fields, [0, 50, 100]) == pytest.approx([1, 0.5, 0.25])
    fields |= {"decay_steps": 10, "staircase": True}
    assert values(fields, [9, 10, 29]) == pytest.approx([1, 0.25, 0.0625])


def test_piecewise_constant_changes_after_its_boundaries() -> None:
    fields = {"type": "piecewise_constant", "boundaries": [3, 6], "values": [1.0, 0.5, 0.1]}
    assert values(fields, [0, 3, 4, 6, 7]) == [1, 1, 0.5, 0.5, 0.1]


@pytest.mark.parametrize(
    ("boundaries", "rates", "message"),
    [([3, 6], [1.0, 0.5], "2 boundaries need 3 values, got 2"), ([6, 3], [1.0] * 3, "must rise")],
)
def test_piecewise_constant_refuses_lists_that_do_not_fit(
    boundaries: list[int], rates: list[float], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        Schedule.parse({"type": "piecewise_constant", "boundaries": boundaries, "values": rates})
