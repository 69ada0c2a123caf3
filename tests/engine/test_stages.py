from __future__ import annotations

import pytest

from dltrain.core.lowering import Buffer, Home, Per, Row
from dltrain.engine.lifetimes import Lifetime, lifetimes
from dltrain.engine.schedule import Phase
from dltrain.engine.stages import Stage, group


def row(per: Per, *, reads: tuple[Buffer, ...] = (), writes: tuple[Buffer, ...] = ()) -> Row:
    return Row("kernel", (), reads, writes, per=per)


def shape_of(stages: list[Stage]) -> list[tuple[str, int]]:
    return [(stage.block, len(stage.rows)) for stage in stages]


@pytest.mark.parametrize(
    ("pers", "wanted"),
    [
        (["sample", "sample", "lane"], [("sample", 2), ("lane", 1)]),
        (["sample", "any", "any", "lane", "any"], [("sample", 3), ("lane", 2)]),
        (["any", "any", "sample", "lane", "sample"], [("sample", 3), ("lane", 1), ("sample", 1)]),
        (["any", "lane", "any", "lane"], [("lane", 4)]),
        (["any", "any"], [("lane", 2)]),
        ([], []),
    ],
)
def test_rows_that_do_not_mind_join_their_neighbours(
    pers: list[Per], wanted: list[tuple[str, int]]
) -> None:
    assert shape_of(group([row(per) for per in pers])) == wanted


def test_no_row_is_lost_or_moved() -> None:
    pers: list[Per] = ["any", "sample", "any", "lane", "lane", "any", "sample", "any"]
    rows = [row(per) for per in pers]
    assert [one for stage in group(rows) for one in stage.rows] == rows


def only(rows: list[Row], buffer: Buffer) -> Lifetime:
    (found,) = (life for life in lifetimes([Phase(group(rows))]) if life.buffer is buffer)
    return found


def test_a_buffer_of_one_stage_lives_from_its_first_row_to_its_last() -> None:
    x, y = Buffer("x", (3,)), Buffer("y", (3,))
    rows = [row("sample", writes=(y,)), row("sample", writes=(x,)), row("any", reads=(x,))]
    life = only(rows, x)
    assert (life.scope, life.first, life.last) == ("block", 1, 2)


def test_a_buffer_across_stages_lives_for_the_whole_of_them() -> None:
    x = Buffer("x", (3,))
    rows = [row("sample"), row("sample", writes=(x,)), row("lane", reads=(x,)), row("lane")]
    life = only(rows, x)
    assert (life.scope, life.first, life.last) == ("lane", 0, 3)


def test_a_buffer_kept_for_the_batch_lives_throughout() -> None:
    x = Buffer("x", (3,), batch_wide=True)
    rows = [row("sample"), row("lane", writes=(x,)), row("sample")]
    life = only(rows, x)
    assert (life.scope, life.first, life.last) == ("batch", 0, 2)


def test_a_view_keeps_its_source_alive() -> None:
    x = Buffer("x", (6,))
    view = Buffer("x", (2, 3), source=x)
    rows = [row("sample", writes=(x,)), row("sample"), row("sample", reads=(view,))]
    assert only(rows, x).last == 2


def test_parameters_and_sums_of_lanes_have_no_lifetime() -> None:
    homes = (Home.FIXED, Home.LANE)
    rows = [row("sample", reads=tuple(Buffer(home.name, (1,), home) for home in homes))]
    assert lifetimes([Phase(group(rows))]) == []
