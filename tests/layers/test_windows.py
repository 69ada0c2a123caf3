from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dltrain.layers.windows import Window, window
from tests.reference.geometry import before_and_after, window_output

small = st.integers(0, 3)
paddings = st.sampled_from(["valid", "same"]) | st.tuples(small, small)


@settings(max_examples=300, deadline=None)
@given(
    extent=st.integers(1, 12),
    size=st.integers(1, 5),
    stride=st.integers(1, 4),
    padding=paddings,
    dilation=st.integers(1, 3),
    ceil_mode=st.booleans(),
)
def test_windows_stand_where_the_second_version_of_the_rule_puts_them(
    extent: int, size: int, stride: int, padding: Any, dilation: int, ceil_mode: bool
) -> None:
    laid = window(extent, size, stride, padding, dilation, ceil_mode=ceil_mode)
    fields = {"dilation": dilation, "ceil_mode": ceil_mode}
    wanted = window_output(extent, size, stride, padding, **fields)
    if wanted < 1:
        assert laid.output < 1
        return
    before, after = before_and_after(extent, size, stride, padding, **fields)
    assert (laid.output, laid.before) == (wanted, before)
    # Windows may leave cells at the end; they never reach beyond the padding.
    assert laid.after >= after


def test_same_puts_the_odd_cell_at_the_end() -> None:
    assert window(4, 2, 1, "same") == Window(0, 1, 4)
    assert window(5, 3, 2, "same") == Window(1, 1, 3)
    assert window(6, 3, 2, "same") == Window(0, 1, 3)


@pytest.mark.parametrize(("ceil_mode", "output"), [(False, 2), (True, 3)])
def test_ceil_mode_lets_a_last_window_hang_over(ceil_mode: bool, output: int) -> None:
    assert window(6, 3, 2, "valid", ceil_mode=ceil_mode).output == output


def test_ceil_mode_drops_a_window_that_would_begin_in_the_padding() -> None:
    assert window(3, 1, 3, (0, 1), ceil_mode=True).output == 1
