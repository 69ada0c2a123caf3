from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dltrain.core.errors import ShapeError
from dltrain.layers.base import Layer
from tests.reference import layers as twins
from tests.reference.layer_bench import LayerBench

quick = settings(max_examples=25, deadline=None)
KINDS = ["max", "average"]


@st.composite
def poolings2d(draw: st.DrawFn) -> tuple[dict[str, Any], tuple[int, ...]]:
    shape = (draw(st.integers(1, 7)), draw(st.integers(1, 7)), draw(st.sampled_from([1, 3, 17])))
    size = [draw(st.integers(1, 3)), draw(st.integers(1, 3))]
    config: dict[str, Any] = {"pool_size": size, "ceil_mode": draw(st.booleans())}
    if draw(st.booleans()):
        config["strides"] = [draw(st.integers(1, 4)), draw(st.integers(1, 4))]
    side = st.integers(0, 1)
    forms = [st.sampled_from(["valid", "same"]), side, st.lists(side, min_size=2, max_size=2)]
    config["padding"] = draw(st.one_of(*forms))
    return config, shape


def draw_x(shape: tuple[int, ...], seed: int) -> NDArray[np.float32]:
    """Draw distinct numbers, a millionth apart at least, so that a largest is one."""
    count = int(np.prod(shape))
    return (np.random.default_rng(seed).permutation(count) / count).reshape(shape).astype("f4")


def check(config: dict[str, Any], shape: tuple[int, ...], seed: int, accumulate: bool) -> None:
    x = draw_x((2, *shape), seed)
    try:
        bench = LayerBench(config, x, accumulate=accumulate)
    except ShapeError:
        assume(False)

    def twin(x: Any) -> Any:
        return getattr(twins, config["type"])(config, x)

    y = bench.forward()
    np.testing.assert_allclose(y, twin(x.astype(float)), rtol=1e-6)
    dy = np.random.default_rng(seed).normal(size=y.shape).astype(np.float32)
    expected = twins.difference(twin, x[:1].astype(float), dy[:1].astype(float))
    (dx,) = bench.backward(dy)
    np.testing.assert_allclose(dx[:1], expected, atol=3e-6)
    assert np.isfinite(dx).all()


@pytest.mark.parametrize("kind", KINDS)
@quick
@given(drawn=poolings2d(), seed=st.integers(0, 99), accumulate=st.booleans())
def test_a_pooling_of_images_and_its_gradient_are_those_of_the_twin(
    kind: str, drawn: Any, seed: int, accumulate: bool
) -> None:
    config, shape = drawn
    check({"type": f"{kind}_pooling2d", **config}, shape, seed, accumulate)


@pytest.mark.parametrize("kind", KINDS)
@quick
@given(
    time=st.integers(1, 9),
    size=st.integers(1, 4),
    strides=st.none() | st.integers(1, 4),
    padding=st.sampled_from(["valid", "same", 1, [0, 1], [1, 0]]),
    ceil_mode=st.booleans(),
    accumulate=st.booleans(),
)
def test_a_pooling_of_sequences_and_its_gradient_are_those_of_the_twin(
    kind: str, time: int, size: int, accumulate: bool, **fields: Any
) -> None:
    config = {"type": f"{kind}_pooling1d", "pool_size": size, **fields}
    check(config, (time, 5), time, accumulate)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(5, 3, 4), (9, 7), (40, 9, 2)])
@pytest.mark.parametrize("accumulate", [False, True])
def test_a_global_pooling_leaves_one_number_for_each_channel(
    kind: str, shape: tuple[int, ...], accumulate: bool
) -> None:
    config = {"type": f"global_{kind}_pooling{len(shape) - 1}d"}
    x = draw_x((2, *shape), 0)
    bench = LayerBench(config, x, accumulate=accumulate)
    axes = tuple(range(1, len(shape)))
    wide = x.astype(float)
    expected = wide.max(axes) if kind == "max" else wide.mean(axes)
    np.testing.assert_allclose(bench.forward(), expected, rtol=1e-6)
    dy = np.random.default_rng(1).normal(size=expected.shape)
    (dx,) = bench.backward(dy.astype(np.float32))
    spread = np.expand_dims(dy, axes)
    share = wide == wide.max(axes, keepdims=True) if kind == "max" else 1 / np.prod(shape[:-1])
    np.testing.assert_allclose(dx, np.broadcast_to(spread * share, x.shape), atol=1e-6)


@pytest.mark.parametrize("strides", [2, 1])
def test_the_first_of_equals_gets_the_gradient(strides: int) -> None:
    x = np.ones((1, 2, 2, 20), np.float32)
    bench = LayerBench({"type": "max_pooling2d", "strides": strides}, x)
    bench.forward()
    (dx,) = bench.backward(np.ones((1, 1, 1, 20), np.float32))
    np.testing.assert_array_equal(dx[0, :, :, 0], [[1, 0], [0, 0]])
    np.testing.assert_array_equal(dx.sum((1, 2)), 1)


@pytest.mark.parametrize("strides", [2, 1])
@pytest.mark.parametrize("place", [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("needs_gradient", [False, True])
def test_max_pooling_keeps_nan(strides: int, place: tuple[int, int], needs_gradient: bool) -> None:
    x = draw_x((1, 2, 2, 21), 3)
    x[0, place[0], place[1], 5] = np.nan
    config = {"type": "max_pooling2d", "strides": strides}
    bench = LayerBench(config, x, needs_gradient=needs_gradient)
    np.testing.assert_array_equal(np.isnan(bench.forward()[0, 0, 0]), np.arange(21) == 5)


def test_without_a_gradient_no_places_are_kept() -> None:
    bench = LayerBench("max_pooling2d", draw_x((2, 4, 4, 3), 0), needs_gradient=False)
    bench.forward()
    assert bench._kept == {}


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        ({"type": "max_pooling2d", "pool_size": 5}, (3, 4, 2), "window of 5x5 is larger than"),
        ({"type": "max_pooling2d", "padding": 2}, (4, 4, 2), "windows that lie in the padding"),
        ({"type": "average_pooling1d", "pool_size": 9}, (4, 2), "window of 9 is longer than"),
        ({"type": "max_pooling1d"}, (4, 4, 2), "takes sequences, but receives images"),
        ({"type": "global_average_pooling2d"}, (4,), "takes images, but receives vectors"),
    ],
)
def test_a_shape_that_does_not_fit_is_refused(
    layer: dict[str, Any], shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        Layer.parse(layer).output_shape(shape)
