from __future__ import annotations

import threading
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.data import loader
from dltrain.data.augmentations.random_crop import RandomCrop
from dltrain.data.augmentations.random_flip import RandomFlip
from dltrain.data.loader import Loader
from dltrain.data.samples import StoredSamples
from dltrain.data.stores import ArrayStore


@pytest.fixture(autouse=True, params=[1, 1000, 1 << 20])
def group_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches made ready one by one, several at a time, and all at once."""
    monkeypatch.setattr(loader, "_GROUP_BYTES", request.param)


def numbered(count: int, *, augmented: bool = False) -> StoredSamples:
    """Samples whose every value is their own number, and whose label is too."""
    array = np.repeat(np.arange(count, dtype=np.float32), 12).reshape(count, 2, 3, 2)
    changes = (RandomFlip(), RandomCrop(padding=1)) if augmented else ()
    return StoredSamples(
        ArrayStore(array), None, np.arange(count, dtype=np.int32), augmentations=changes
    )


def collected(batches: Loader) -> tuple[NDArray[Any], NDArray[Any], list[int]]:
    xs, ys, sizes = [], [], []
    for batch in batches:
        assert len(batch.x) == len(batch.y) == batch.n
        xs.append(batch.x.copy())
        ys.append(batch.y.copy())
        sizes.append(batch.n)
    return np.concatenate(xs), np.concatenate(ys), sizes


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(count=st.integers(1, 60), size=st.integers(1, 70), shuffle=st.booleans())
def test_every_sample_comes_once_with_its_target(count: int, size: int, shuffle: bool) -> None:
    batches = Loader(numbered(count), size, seed=3, epoch=2, shuffle=shuffle)
    x, y, sizes = collected(batches)
    assert sorted(y) == list(range(count))
    np.testing.assert_array_equal(x[:, 0, 0, 0], y)
    assert len(sizes) == len(batches)
    assert all(now == min(size, count) for now, _ in pairwise(sizes))
    if not shuffle:
        np.testing.assert_array_equal(y, np.arange(count))


@pytest.mark.parametrize("cuts", [(0, 3, 7), (0, 7), (0, 1, 2, 6, 7)])
def test_parts_of_a_pass_are_the_pass(cuts: tuple[int, ...]) -> None:
    samples = numbered(20, augmented=True)
    options: dict[str, Any] = {"seed": 1, "epoch": 3, "shuffle": True, "augment": True}
    whole = collected(Loader(samples, 3, **options))
    parts = [
        collected(Loader(samples, 3, **options, first=3 * start, batches=end - start))
        for start, end in pairwise(cuts)
    ]
    for number in (0, 1):
        joined = np.concatenate([part[number] for part in parts])
        np.testing.assert_array_equal(joined, whole[number])
    assert [size for part in parts for size in part[2]] == whole[2]


def test_order_and_content_follow_from_seed_and_epoch() -> None:
    def content(seed: int, epoch: int) -> bytes:
        batches = Loader(
            numbered(50, augmented=True), 7, seed=seed, epoch=epoch, shuffle=True, augment=True
        )
        return collected(batches)[0].tobytes()

    assert content(0, 1) == content(0, 1)
    assert len({content(seed, epoch) for seed in (0, 1) for epoch in (1, 2)}) == 4


def test_a_samples_augmentation_does_not_depend_on_its_batch() -> None:
    samples = numbered(20, augmented=True)
    results = []
    for size in (1, 7, 20):
        x, y, _ = collected(Loader(samples, size, seed=0, epoch=4, shuffle=True, augment=True))
        results.append(x[np.argsort(y)])
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_a_batch_stays_as_it_is_until_the_next_is_asked_for() -> None:
    for batch in Loader(numbered(200), 10, shuffle=True):
        before = batch.x.copy()
        # Long enough for the thread to fill every free buffer.
        threading.Event().wait(0.002)
        np.testing.assert_array_equal(batch.x, before)


def test_the_thread_ends_when_the_consumer_stops_half_way() -> None:
    before = threading.active_count()
    for _ in Loader(numbered(100), 5):
        break
    assert threading.active_count() == before


def test_an_error_in_the_thread_reaches_the_consumer() -> None:
    class Broken(StoredSamples):
        def gather(self, indices: NDArray[np.int64], out: Any, **options: Any) -> None:
            if 5 in indices:
                raise DataError("sample 5 is broken")
            super().gather(indices, out, **options)

    whole = numbered(10)
    before = threading.active_count()
    batches = iter(Loader(Broken(whole.store, None, whole.targets), 2))
    assert [next(batches).y.tolist() for _ in range(2)] == [[0, 1], [2, 3]]
    with pytest.raises(DataError, match="sample 5"):
        next(batches)
    assert threading.active_count() == before
