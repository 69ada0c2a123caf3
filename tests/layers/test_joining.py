from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.core.errors import NumericError, ShapeError
from dltrain.engine.network import Network
from dltrain.engine.trainer import Trainer
from dltrain.layers.add import Add
from dltrain.layers.base import Layer
from dltrain.layers.concatenate import Concatenate
from dltrain.layers.maximum import Maximum
from dltrain.layers.multiply import Multiply
from dltrain.losses.base import Loss
from dltrain.optimizers.base import Optimizer
from tests.reference import joins
from tests.reference.layer_bench import LayerBench


def draw(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_add_sums_its_inputs_and_gives_each_the_whole_gradient(
    count: int, accumulate: bool
) -> None:
    inputs = [draw(2, 3, 5, seed=seed) for seed in range(count)]
    bench = LayerBench(Add(), *inputs, accumulate=accumulate)
    np.testing.assert_allclose(bench.forward(), sum(inputs), atol=1e-6)
    dy = draw(2, 3, 5, seed=9)
    for dx in bench.backward(dy):
        np.testing.assert_allclose(dx, dy, atol=1e-6)


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("front", [(), (3,), (2, 3)])
def test_concatenate_puts_inputs_side_by_side_and_parts_the_gradient(
    front: tuple[int, ...], accumulate: bool
) -> None:
    inputs = [draw(2, *front, width) for width in (1, 5, 17)]
    bench = LayerBench(Concatenate(), *inputs, accumulate=accumulate)
    np.testing.assert_array_equal(bench.forward(), np.concatenate(inputs, -1))
    dy = draw(2, *front, 23, seed=9)
    for dx, part in zip(bench.backward(dy), np.split(dy, [1, 6], -1), strict=True):
        np.testing.assert_allclose(dx, part, atol=1e-6)


PRODUCTS: list[list[tuple[int, ...]]] = [
    [(3, 5)],
    [(3, 5), (3, 5)],
    [(17,), (17,), (17,), (17,)],
    [(5, 3, 7), (1, 1, 7)],
    [(7,), (5, 3, 7)],
    [(1, 1, 19), (5, 5, 19), (19,), (5, 5, 19)],
    [(9, 33), (33,), (1, 33)],
    [(33, 1, 1), (1,)],
    [(1, 1, 4), (4,)],
]


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("shapes", PRODUCTS, ids=str)
def test_multiply_gives_the_product_and_its_gradients(
    shapes: list[tuple[int, ...]], accumulate: bool
) -> None:
    inputs = [draw(2, *shape, seed=seed) for seed, shape in enumerate(shapes)]
    bench = LayerBench(Multiply(), *inputs, accumulate=accumulate)
    y, parts = joins.multiply([x.astype(float) for x in inputs])
    np.testing.assert_allclose(bench.forward(), y, rtol=1e-5, atol=1e-6)
    dy = draw(*y.shape, seed=9)
    for dx, wanted in zip(bench.backward(dy), parts(dy.astype(float)), strict=True):
        np.testing.assert_allclose(dx, wanted, rtol=1e-5, atol=5e-6)


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_maximum_takes_the_largest_which_gets_the_gradient(count: int, accumulate: bool) -> None:
    inputs = [np.round(draw(2, 7, 5, seed=seed)) for seed in range(count)]
    bench = LayerBench(Maximum(), *inputs, accumulate=accumulate)
    y, parts = joins.maximum([x.astype(float) for x in inputs])
    np.testing.assert_array_equal(bench.forward(), y)
    dy = draw(2, 7, 5, seed=9)
    for dx, wanted in zip(bench.backward(dy), parts(dy.astype(float)), strict=True):
        np.testing.assert_allclose(dx, wanted, atol=1e-6)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("join", [Maximum(), Multiply(), Add()], ids=lambda join: join.type_name)
def test_nan_in_any_input_is_nan_in_the_output(join: Layer, place: int) -> None:
    inputs = [draw(2, 19, seed=seed) for seed in range(3)]
    inputs[place][1, 7] = np.nan
    y = LayerBench(join, *inputs).forward()
    assert np.isnan(y[1, 7])
    assert np.isnan(y).sum() == 1


def build(layer: dict[str, Any], shape: tuple[int, ...]) -> Network:
    return Network.build((Layer.parse(layer),), input_shape=shape, threads=1)


def test_a_residual_sums_layers_and_shortcut_and_then_applies_its_activation() -> None:
    inner: list[Any] = [{"type": "rescaling", "scale": -3.0}]
    layer: dict[str, Any] = {"type": "residual", "layers": inner, "activation": "relu"}
    x = draw(4, 3)
    np.testing.assert_allclose(build(layer, (3,)).forward(x), np.maximum(-2 * x, 0), rtol=1e-6)
    layer["shortcut"] = [{"type": "rescaling", "scale": 5.0}]
    np.testing.assert_allclose(build(layer, (3,)).forward(x), np.maximum(2 * x, 0), rtol=1e-6)


def test_a_repeat_applies_its_layers_with_parameters_of_their_own() -> None:
    layer = {"type": "repeat", "times": 3, "layers": [{"type": "dense", "units": 2}, "relu"]}
    network = build(layer, (2,))
    assert [*network.parameters][::2] == [f"repeat_1/dense_{n}/kernel" for n in (1, 2, 3)]
    x = expected = draw(4, 2)
    for n in (1, 2, 3):
        expected = np.maximum(expected @ network.parameters[f"repeat_1/dense_{n}/kernel"], 0)
    np.testing.assert_allclose(network.forward(x), expected, atol=1e-6)


def test_parallel_branches_are_joined_in_any_way() -> None:
    branches: list[Any] = [[], [{"type": "rescaling", "scale": 2.0}], ["relu"]]
    layer: dict[str, Any] = {"type": "parallel", "branches": branches}
    x = draw(4, 3)
    parts = [x, 2 * x, np.maximum(x, 0)]
    np.testing.assert_allclose(build(layer, (3,)).forward(x), np.concatenate(parts, -1), rtol=1e-6)
    layer["merge"] = "add"
    np.testing.assert_allclose(build(layer, (3,)).forward(x), sum(parts), rtol=1e-5)
    layer["merge"] = "multiply"
    np.testing.assert_allclose(build(layer, (3,)).forward(x), np.prod(parts, 0), rtol=1e-5)
    layer["merge"] = "maximum"
    np.testing.assert_array_equal(build(layer, (3,)).forward(x), np.max(parts, 0))


def test_a_vector_multiplies_every_pixel_of_an_image() -> None:
    gate: list[Any] = ["global_average_pooling2d"]
    layer = {"type": "parallel", "branches": [[], gate], "merge": "multiply"}
    x = draw(4, 5, 6, 3)
    network = build(layer, (5, 6, 3))
    assert network.output_shape == (5, 6, 3)
    wanted = x * x.mean((1, 2), keepdims=True)
    np.testing.assert_allclose(network.forward(x), wanted, rtol=1e-4, atol=1e-6)


def test_containers_nest_and_name_what_is_inside_after_themselves() -> None:
    inner = {"type": "residual", "layers": [{"type": "dense", "units": 3}]}
    layer = {"type": "parallel", "branches": [[inner], [inner]], "merge": "add"}
    names = [*build(layer, (3,)).parameters]
    assert names[0] == "parallel_1/residual_1/dense_1/kernel"
    assert names[2] == "parallel_1/residual_2/dense_1/kernel"


@pytest.mark.parametrize(
    ("layer", "message", "place"),
    [
        (
            {"type": "residual", "layers": [{"type": "dense", "units": 4}]},
            r"inputs of one shape, but receives \(2, 4\) and \(2, 3\)",
            ("model", "layers", 0),
        ),
        (
            {"type": "parallel", "branches": [[], ["flatten"]]},
            r"only the last axis may differ .* \(2, 3\) and \(6,\)",
            ("model", "layers", 0),
        ),
        (
            {"type": "parallel", "branches": [[], ["flatten"]], "merge": "multiply"},
            r"one shape, or with one number for each channel, .* \(2, 3\) and \(6,\)",
            ("model", "layers", 0),
        ),
        (
            {"type": "parallel", "branches": [[], ["flatten"]], "merge": "maximum"},
            r"a maximum takes inputs of one shape, but receives \(2, 3\) and \(6,\)",
            ("model", "layers", 0),
        ),
        (
            {"type": "parallel", "branches": [[], ["max_pooling2d"]]},
            "takes images, but receives sequences",
            ("model", "layers", 0, "branches", 1, 0),
        ),
        (
            {"type": "repeat", "times": 2, "layers": [{"type": "max_pooling1d", "pool_size": 2}]},
            "window of 2 is longer than its input of 1",
            ("model", "layers", 0, "layers", 0, "pool_size"),
        ),
    ],
)
def test_branches_that_do_not_meet_are_refused_at_their_place(
    layer: dict[str, Any], message: str, place: tuple[str | int, ...]
) -> None:
    with pytest.raises(ShapeError, match=message) as caught:
        build(layer, (2, 3))
    assert caught.value.loc == place
    assert caught.value.history is not None


@pytest.mark.parametrize(
    ("target", "shape"), [((6,), (6,)), ((2, -1), (2, 3)), ((-1, 1, 6), (1, 1, 6))]
)
def test_a_reshape_keeps_the_order_of_the_numbers(
    target: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    x = draw(4, 3, 2)
    layer = {"type": "reshape", "target_shape": target}
    layers = [layer, {"type": "rescaling", "scale": 1.0}]
    network = Network.build(tuple(map(Layer.parse, layers)), input_shape=(3, 2), threads=1)
    np.testing.assert_array_equal(network.forward(x), x.reshape(4, *shape))


def test_a_reshape_that_does_not_fit_is_refused() -> None:
    layer = Layer.parse({"type": "reshape", "target_shape": [4, -1]})
    with pytest.raises(ShapeError, match=r"cannot lay the 6 numbers of \(3, 2\) out as \(4, -1\)"):
        layer.output_shape((3, 2))


def test_a_loss_that_is_not_finite_is_not_blamed_on_a_concatenate_before_it() -> None:
    wide = {"type": "dense", "units": 64, "activation": "tanh"}
    layers = [{"type": "parallel", "branches": [[wide], [wide]]}, {"type": "dense", "units": 128}]
    network = Network.build(
        tuple(Layer.parse(layer) for layer in layers), input_shape=(64,), threads=1
    )
    network.parameters["dense_1/kernel"][...] = 3e38
    trainer = Trainer(
        network,
        loss=Loss.parse("mean_squared_error"),
        metrics=(),
        optimizer=Optimizer.parse("sgd"),
        batch_size=16,
        threads=1,
        seed=0,
        total_steps=1,
        target_form="dense",
    )
    with pytest.raises(NumericError, match="the output of layer dense_1 is the first"):
        trainer.step(draw(16, 64), draw(16, 128))
