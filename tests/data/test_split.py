from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dltrain.core.errors import DataError
from dltrain.data.split import split_rows


@settings(max_examples=60)
@given(
    labels=st.lists(st.integers(0, 4), min_size=2, max_size=200),
    share=st.floats(0.01, 0.99),
    seed=st.integers(0, 2**40),
)
def test_a_share_is_exact_reproducible_and_alike_in_every_class(
    labels: list[int], share: float, seed: int
) -> None:
    targets = np.array(labels, np.int32)
    count = round(len(labels) * share)
    if count in (0, len(labels)):
        with pytest.raises(DataError, match="leaves one part empty"):
            split_rows(targets, share=share, seed=seed, purpose="validation")
        return
    stay, taken = split_rows(targets, share=share, seed=seed, purpose="validation")
    assert sorted([*stay, *taken]) == list(range(len(labels)))
    assert len(taken) == count
    for label in set(labels):
        wanted = labels.count(label) * count / len(labels)
        assert abs((targets[taken] == label).sum() - wanted) < 1
    again = split_rows(targets, share=share, seed=seed, purpose="validation")
    np.testing.assert_array_equal(again[1], taken)


def test_seeds_and_purposes_choose_differently() -> None:
    targets = np.zeros(1000, np.int32)
    chosen = {
        tuple(split_rows(targets, share=0.1, seed=seed, purpose=purpose)[1])
        for seed in (0, 1)
        for purpose in ("validation", "test")
    }
    assert len(chosen) == 4


def test_dense_targets_are_split_too() -> None:
    stay, taken = split_rows(np.zeros((10, 3), np.float32), share=0.3, seed=0, purpose="validation")
    assert (len(stay), len(taken)) == (7, 3)
