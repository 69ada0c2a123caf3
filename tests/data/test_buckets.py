"""Samples of about one length in one batch: every sample once, and no step too few."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dltrain.data.buckets import Buckets, bucket_sizes, lengths_of
from dltrain.data.loader import Loader
from dltrain.data.samples import StoredSamples
from dltrain.data.stores import ArrayStore

LONGEST = 12


def samples_of(lengths: list[int]) -> StoredSamples:
    """Give samples whose steps hold their number, counted from 1."""
    x = np.zeros((len(lengths), LONGEST), np.float32)
    for number, length in enumerate(lengths):
        x[number, :length] = number + 1
    targets = np.arange(len(lengths), dtype=np.int32)
    found = lengths_of(x)
    assert found.tolist() == lengths
    sizes = bucket_sizes(found, 3, LONGEST)
    return StoredSamples(ArrayStore(x), None, targets, buckets=Buckets(found, sizes))


@given(
    st.lists(st.integers(0, LONGEST), min_size=1, max_size=70),
    st.integers(1, 9),
    st.booleans(),
)
def test_every_sample_comes_once_and_whole(
    lengths: list[int], batch_size: int, shuffle: bool
) -> None:
    samples = samples_of(lengths)
    loader = Loader(samples, batch_size, seed=3, epoch=2, shuffle=shuffle)
    seen = []
    counts = []
    for batch in loader:
        counts.append(batch.n)
        assert samples.buckets is not None
        assert batch.x.shape[1] in samples.buckets.sizes
        for row, label in zip(batch.x, batch.y, strict=True):
            assert row.tolist() == [label + 1] * lengths[label] + [0] * (len(row) - lengths[label])
            seen.append(int(label))
    assert sorted(seen) == list(range(len(lengths)))
    full = min(batch_size, len(lengths))
    assert counts[:-1] == [full] * (len(loader) - 1)


def test_batches_hold_samples_of_about_one_length_in_another_order_each_epoch() -> None:
    lengths = np.random.default_rng(1).integers(1, LONGEST + 1, 400).tolist()
    samples = samples_of(lengths)
    steps = [
        [batch.x.shape[1] for batch in Loader(samples, 8, seed=3, epoch=epoch, shuffle=True)]
        for epoch in (0, 0, 1)
    ]
    assert steps[0] == steps[1] != steps[2]
    assert np.mean(steps[0]) < 0.75 * LONGEST
    assert steps[0] != sorted(steps[0])


@pytest.mark.parametrize(
    ("lengths", "count", "sizes"),
    [
        ([1, 2, 3, 4], 2, (3, 9)),
        ([5] * 10, 4, (5, 9)),
        ([9] * 10, 4, (9,)),
        ([0, 0, 0, 9], 2, (1, 9)),
    ],
)
def test_lengths_of_batches_hold_as_many_samples_each(
    lengths: list[int], count: int, sizes: tuple[int, ...]
) -> None:
    assert bucket_sizes(np.array(lengths), count, 9) == sizes
