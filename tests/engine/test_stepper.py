"""A network that takes its steps one by one computes what it does of the whole sequence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import UsageError
from dltrain.engine.network import Network
from dltrain.engine.stepper import Stepper
from dltrain.layers.base import Layer

TIME, TOKENS = 9, 11
EMBEDDING = {"type": "embedding", "input_dim": TOKENS, "output_dim": 24}
OUTPUT = {"type": "dense", "units": TOKENS, "activation": "softmax"}
ATTENTION = {"type": "multi_head_attention", "num_heads": 4, "key_dim": 6, "causal": True}
BLOCK = {"type": "transformer_encoder", "num_heads": 3, "intermediate_dim": 40, "causal": True}
BODIES: dict[str, list[Any]] = {
    "attention": [ATTENTION],
    "without biases": [{**ATTENTION, "use_bias": False}],
    "groups": [{**ATTENTION, "num_kv_heads": 2, "value_dim": 5}],
    "rotary": [{**ATTENTION, "rotary": True, "num_kv_heads": 1}],
    "post-norm": ["position_embedding", {**BLOCK, "norm_first": False, "dropout": 0.1}],
    "gpt": ["position_embedding", {"type": "repeat", "times": 3, "layers": [BLOCK]}],
    "waves": ["sinusoidal_position_embedding", BLOCK, "rms_normalization"],
    "wide": [
        {"type": "dense", "units": 2100, "activation": "relu"},
        {"type": "dense", "units": 24},
    ],
    "lstm": [{"type": "lstm", "units": 19, "return_sequences": True}] * 2,
    "gru": [{"type": "gru", "units": 19, "return_sequences": True}],
    "gru without bias": [{"type": "gru", "units": 5, "return_sequences": True, "use_bias": False}],
    "simple_rnn": [{"type": "simple_rnn", "units": 19, "return_sequences": True}],
    "step by step": [
        *("layer_normalization", "batch_normalization", "layer_scale", "rms_normalization", "gelu"),
        *({"type": name, "rate": 0.3} for name in ("dropout", "stochastic_depth")),
        {"type": "gaussian_noise", "stddev": 0.3},
        {"type": "rescaling", "scale": 3, "offset": 1},
    ],
    "joins": [
        {
            "type": "parallel",
            "branches": [[{"type": "dense", "units": 7}], ["gelu"]],
            "merge": "concatenate",
        }
    ],
}


def network(*body: Any, threads: int = 2) -> Network:
    layers = tuple(Layer.parse(each) for each in (EMBEDDING, *body, OUTPUT))
    made = Network.build(layers, input_shape=(TIME,), threads=threads)
    generator = np.random.default_rng(3)
    for array in made.parameters.values():
        array += 0.2 * generator.standard_normal(array.shape).astype(np.float32)
    return made


def taken(stepper: Stepper, tokens: Any) -> Any:
    stepper.position = 0
    return np.array([stepper(token).copy() for token in tokens])


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_steps_compute_what_the_whole_window_does(body: list[Any]) -> None:
    made = network(*body)
    tokens = np.random.default_rng(0).integers(0, TOKENS, (3, TIME)).astype(np.float32)
    whole, stepper = made.forward(tokens), Stepper(made)
    for sequence, wanted in zip(tokens, whole, strict=True):
        np.testing.assert_allclose(taken(stepper, sequence), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["gpt", "wide", "lstm"])
def test_threads_change_no_bit(name: str) -> None:
    made, tokens = network(*BODIES[name]), range(TIME)
    outputs = [taken(Stepper(made, threads=threads), tokens) for threads in (1, 2, 3)]
    assert outputs[0].tobytes() == outputs[1].tobytes() == outputs[2].tobytes()


def test_positions_bound_a_sequence_and_states_do_not() -> None:
    rooms = {name: Stepper(network(*body)).room for name, body in BODIES.items()}
    assert {name for name, room in rooms.items() if room is None} == {
        *("wide", "lstm", "gru", "gru without bias", "simple_rnn", "step by step", "joins")
    }
    assert set(rooms.values()) == {None, TIME}


def test_parameters_are_read_anew_when_asked() -> None:
    made = network(ATTENTION)
    stepper = Stepper(made)
    before = taken(stepper, [1, 2])
    made.parameters["dense_1/bias"][:] += 3 * np.arange(TOKENS)
    made.parameters["multi_head_attention_1/value_kernel"][:] *= 2
    stepper.refresh()
    assert not np.allclose(taken(stepper, [1, 2]), before)
    whole = made.forward(np.array([[1, 2] + [0] * (TIME - 2)], np.float32))
    np.testing.assert_allclose(taken(stepper, [1, 2]), whole[0, :2], rtol=1e-5, atol=1e-6)


def test_nan_stays() -> None:
    made = network(*BODIES["gpt"])
    made.parameters["position_embedding_1/embeddings"][3, 2] = np.nan
    outputs = taken(Stepper(made), range(TIME))
    assert np.isfinite(outputs[:3]).all()
    assert np.isnan(outputs[3:]).all()


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ([{**ATTENTION, "causal": False}], "multi_head_attention_1"),
        ([{"type": "bidirectional", "layer": BODIES["lstm"][0]}], "bidirectional_1"),
        ([{**BODIES["gru"][0], "go_backwards": True}], "gru_1"),
        (["flatten", {"type": "reshape", "target_shape": [TIME, 24]}], "flatten_1"),
        ([{"type": "conv1d", "filters": 5, "kernel_size": 3, "padding": "causal"}], "conv1d_1"),
    ],
)
def test_a_layer_that_needs_the_whole_sequence_is_named(body: list[Any], name: str) -> None:
    with pytest.raises(UsageError, match=f"{name}.* needs the whole sequence at once"):
        Stepper(network(*body))
