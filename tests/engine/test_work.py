"""Operations and bytes of a program's layers, counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

from dltrain.config.loader import load_dict
from dltrain.core import cells
from dltrain.engine.network import Network
from dltrain.engine.trainer import Trainer
from dltrain.engine.work import Work, work

BATCH, LANES = 16, 2
CONV: dict[str, Any] = {"type": "conv2d", "filters": 4, "kernel_size": 3, "padding": "same"}
DENSE: dict[str, Any] = {"type": "dense", "units": 3, "activation": "softmax"}
CELLS = 8 * cells.COUNT


def trainer_of(*layers: Any, shape: tuple[int, ...]) -> Trainer:
    training = {"loss": "categorical_crossentropy", "batch_size": BATCH}
    model = {"layers": list(layers)}
    config = load_dict({"model": model, "optimizer": "adam", "training": training}, dataset=False)
    settings = config.config.training
    return Trainer(
        Network.build(config.config.model.expand(), input_shape=shape, threads=1),
        loss=settings.loss,
        metrics=(),
        optimizer=config.config.optimizer,
        batch_size=BATCH,
        threads=1,
        seed=0,
        total_steps=1,
    )


@pytest.mark.parametrize(
    ("first", "second", "passes"),
    [
        (True, True, (2, 3, 3)),  # the first layer's input has no gradient
        (True, False, (2, 2, 3)),  # a frozen layer hands its input's gradient on
        (False, True, (1, 2, 3)),
        (False, False, (1, 1, 2)),
    ],
)
def test_each_wanted_gradient_takes_as_many_operations_as_forward(
    first: bool, second: bool, passes: tuple[int, ...]
) -> None:
    layers = ({**CONV, "trainable": first}, {**CONV, "trainable": second}, "flatten", DENSE)
    todo = work(trainer_of(*layers, shape=(6, 6, 2)).program)
    multiply_adds = (36 * 9 * 2 * 4, 36 * 9 * 4 * 4, 144 * 3)
    counted = tuple(todo[name].operations for name in ("conv2d_1", "conv2d_2", "dense_1"))
    expected = zip(multiply_adds, passes, strict=True)
    assert counted == tuple(2 * once * times * BATCH for once, times in expected)


def test_a_forward_pass_reads_input_and_parameters_and_writes_the_output() -> None:
    program = trainer_of(DENSE, shape=(7,)).network.program(batch_size=BATCH)
    parameters, rows = 7 * 3 + 3, BATCH * (7 + 3)
    assert work(program) == {"dense_1": Work(2 * 21 * BATCH, 4 * (parameters + rows))}


def test_values_that_live_within_a_lane_are_not_moved() -> None:
    network = trainer_of({**DENSE, "units": 99}, DENSE, shape=(7,)).network
    todo = work(network.program(batch_size=BATCH))
    assert todo["dense_1"].bytes == 4 * (7 * 99 + 99 + 7 * BATCH)
    assert todo["dense_2"].bytes == 4 * (99 * 3 + 3 + 3 * BATCH)


def test_a_training_step_moves_the_gradients_of_all_lanes() -> None:
    todo = work(trainer_of(DENSE, shape=(7,)).program)
    kernel, bias, each = 7 * 3, 3, 4 * (7 * 3 + 3)
    walk = 4 * 7 * BATCH + each + 4 * 3 * BATCH + LANES * each
    chunks = 2 * 8 * 2  # of squares and of penalties, a float64 for each parameter
    fold = LANES * each + each + each + chunks + CELLS
    assert todo["dense_1"] == Work(2 * 2 * kernel * BATCH, walk + fold)
    # Every parameter begins at a cache line, and the optimizer walks over the gaps too: it reads
    # the gradient, and reads and writes the parameters and what Adam remembers.
    walked = sum(-(-count // 16) * 16 for count in (kernel, bias))
    assert todo["optimizer"] == Work(0, 4 * (1 + 2 * 3) * walked + CELLS)


def test_what_joined_layers_do_stands_at_the_first_of_them() -> None:
    residual = {"type": "residual", "layers": [CONV, "batch_normalization"], "activation": "relu"}
    layers = (CONV, residual, {**CONV, "activation": "relu"}, "max_pooling2d", "flatten", DENSE)
    trainer = trainer_of(*layers, shape=(6, 6, 2))
    todo, names = work(trainer.program), {row.layer for row in trainer.program.rows}
    assert set(todo) <= names
    assert not {"max_pooling2d_1", "residual_1/add_1", "residual_1"} & names
    assert todo["conv2d_2"].operations == 2 * 36 * 9 * 4 * 4 * 3 * BATCH
    normalization = todo["residual_1/batch_normalization_1"]
    assert normalization.operations == 0
    # It keeps its output for the batch, and reads both inputs once their moments are known.
    assert normalization.bytes >= 4 * 36 * 4 * 3 * BATCH


def test_all_operations_are_three_times_those_of_the_summary_less_the_first_gradient() -> None:
    layers = (CONV, "relu", CONV, "max_pooling2d", "flatten", DENSE)
    trainer = trainer_of(*layers, shape=(6, 6, 2))
    forward = [facts.multiply_adds for facts in trainer.network.layers_table()]
    counted = sum(each.operations for each in work(trainer.program).values())
    assert counted == 2 * BATCH * (3 * sum(forward) - forward[0])
