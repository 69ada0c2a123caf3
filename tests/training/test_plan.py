"""How long a training is, in epochs or steps, and where its lines of metrics end."""

from __future__ import annotations

import pytest

from dltrain.config.schema import TrainingSettings
from dltrain.training.plan import Plan, is_over
from dltrain.training.state import TrainingState


def plan(samples: int = 10, **fields: int) -> Plan:
    """Give a plan of four steps an epoch."""
    settings = {"loss": "mean_squared_error", "batch_size": 3, **fields}
    return Plan(TrainingSettings.model_validate(settings), samples)


def lines(chosen: Plan, state: TrainingState) -> list[tuple[int, int, int]]:
    """Walk to the end: step, whole epochs and samples beyond them at each line of metrics."""
    seen = []
    while chosen.left(state):
        stretch = chosen.stretch(state)
        state.step += stretch.steps
        stretch.move(state)
        seen.append((state.step, state.epoch, state.sample))
    assert is_over(chosen.settings, state)
    return seen


def test_without_a_length_there_is_one_epoch() -> None:
    assert lines(plan(), TrainingState()) == [(4, 1, 0)]


def test_an_epoch_ends_with_a_line() -> None:
    assert lines(plan(epochs=2), TrainingState()) == [(4, 1, 0), (8, 2, 0)]
    assert lines(plan(steps=6), TrainingState()) == [(4, 1, 0), (6, 1, 6)]


def test_lines_come_every_so_many_steps_and_at_the_end() -> None:
    assert lines(plan(steps=9, validate_every=5), TrainingState()) == [(5, 1, 3), (9, 2, 3)]
    assert lines(plan(epochs=2, validate_every=3), TrainingState()) == [
        (3, 0, 9),
        (6, 1, 6),
        (8, 2, 0),
    ]


def test_more_steps_go_on_where_fewer_ended() -> None:
    state = TrainingState()
    lines(plan(steps=6), state)
    assert lines(plan(steps=9), state) == [(8, 2, 0), (9, 2, 3)]
    assert lines(plan(epochs=3), state) == [(12, 3, 0)]
    assert lines(plan(epochs=2), state) == []


def test_fewer_samples_than_are_used_begin_the_next_epoch() -> None:
    state = TrainingState()
    lines(plan(steps=7), state)
    assert (state.epoch, state.sample) == (1, 9)
    assert lines(plan(samples=6, steps=9), state) == [(9, 3, 0)]


@pytest.mark.parametrize(("batch_size", "steps"), [(3, 4), (10, 1), (99, 1)])
def test_a_smaller_last_batch_is_a_step(batch_size: int, steps: int) -> None:
    assert plan(batch_size=batch_size, epochs=5).steps == 5 * steps
