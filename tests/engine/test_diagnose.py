from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dltrain.core.errors import NumericError
from dltrain.engine.network import Network
from dltrain.engine.trainer import Trainer
from dltrain.losses.base import Loss
from dltrain.models.sequential import Sequential
from dltrain.optimizers.base import Optimizer

LAYERS: list[dict[str, Any]] = [
    {"type": "conv2d", "filters": 3, "kernel_size": 3, "activation": "relu"},
    {"type": "max_pooling2d"},
    {"type": "residual", "layers": [{"type": "conv2d", "filters": 3, "kernel_size": 1}]},
    {"type": "flatten"},
    {"type": "dense", "units": 5, "activation": "elu"},
    {"type": "dense", "units": 3, "activation": "softmax"},
]
SAMPLES = 21
Found = dict[str, NDArray[np.float32]]


def trainer_of(
    layers: list[dict[str, Any]] = LAYERS,
    shape: tuple[int, ...] = (6, 6, 2),
    *,
    loss: str = "categorical_crossentropy",
    rate: float = 1e-2,
) -> Trainer:
    network = Network.build(
        Sequential.model_validate({"layers": layers}).expand(), input_shape=shape, seed=1
    )
    return Trainer(
        network,
        loss=Loss.parse(loss),
        metrics=(),
        optimizer=Optimizer.parse({"type": "adam", "learning_rate": rate}),
        batch_size=SAMPLES,
        threads=2,
        seed=1,
        total_steps=9,
        target_form="labels" if loss.startswith("categorical") else "dense",
    )


def batch(seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(SAMPLES, 6, 6, 2)).astype(np.float32)
    return x, generator.integers(0, 3, SAMPLES).astype(np.int32)


def kept(trainer: Trainer) -> Found:
    slots = {f"{slot}/{name}": v for slot, own in trainer.slots.items() for name, v in own.items()}
    return {name: v.copy() for name, v in (trainer.network.parameters | slots).items()}


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("sample", [0, SAMPLES - 1])
def test_a_batch_that_is_not_finite_is_named_with_the_step(value: float, sample: int) -> None:
    trainer = trainer_of()
    trainer.step(*batch())
    x, y = batch(1)
    x[sample, 2, 3, 1] = value
    with pytest.raises(NumericError, match="at step 2: input 0 of the network"):
        trainer.step(x, y)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("layer", ["conv2d_1", "residual_1/conv2d_1", "dense_1", "dense_2"])
def test_a_weight_that_is_not_finite_is_blamed_on_its_layer(layer: str, value: float) -> None:
    trainer = trainer_of()
    trainer.network.parameters[f"{layer}/bias"][1] = value
    found = f"at step 1: the output of layer {layer} is the first"
    with pytest.raises(NumericError, match=found):
        trainer.step(*batch())


def test_a_gradient_that_overflows_is_blamed_on_its_layer() -> None:
    """Products that fit a float32 forward, but whose gradient is 1e45."""
    linear = {"type": "dense", "units": 1}
    trainer = trainer_of([linear, linear, linear], (1,), loss="mean_squared_error")
    for name, value in (("dense_1", 1e-30), ("dense_2", 1e30), ("dense_3", 1.0)):
        trainer.network.parameters[f"{name}/kernel"][...] = value
    x = np.ones((SAMPLES, 1), np.float32)
    with pytest.raises(NumericError, match="the gradient of layer dense_2 is the first"):
        trainer.step(x, -1e15 * x)


def test_a_refused_step_leaves_everything_as_it_was() -> None:
    trainer = trainer_of()
    trainer.step(*batch())
    before = kept(trainer)
    x, y = batch(1)
    x[-1] = np.nan
    with pytest.raises(NumericError):
        trainer.step(x, y)
    assert trainer.steps == 1
    for name, values in kept(trainer).items():
        np.testing.assert_array_equal(values, before[name], err_msg=name)


def test_training_goes_on_after_a_refused_step_as_if_it_had_not_been() -> None:
    plain, disturbed = trainer_of(), trainer_of()
    for number in range(3):
        x, y = batch(number)
        plain.step(x, y)
        with pytest.raises(NumericError):
            disturbed.step(np.full_like(x, np.nan), y)
        disturbed.step(x, y)
    wanted = kept(plain)
    for name, values in kept(disturbed).items():
        np.testing.assert_array_equal(values, wanted[name], err_msg=name)


def test_a_rate_that_diverges_is_named_in_the_hint() -> None:
    layers: list[dict[str, Any]] = [{"type": "flatten"}, {"type": "dense", "units": 3}]
    trainer = trainer_of(layers, loss="mean_squared_error", rate=1e30)
    x, _ = batch()
    target = np.zeros((SAMPLES, 3), np.float32)
    with pytest.raises(NumericError, match="not finite at step") as caught:  # noqa: PT012
        for _ in range(9):
            trainer.step(x, target)
    assert "learning_rate" in (caught.value.hint or "")
