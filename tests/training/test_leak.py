"""A language model that sees what it is to tell is warned of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import dltrain
from dltrain.training.events import Event, Notice

ENCODER = {"type": "transformer_encoder", "num_heads": 2, "intermediate_dim": 4}
GRU = {"type": "gru", "units": 4, "return_sequences": True}


@pytest.mark.parametrize(
    ("layer", "seeing"),
    [
        ({**ENCODER, "causal": True}, None),
        (ENCODER, "transformer_encoder_1/attention"),
        (GRU, None),
        ({"type": "bidirectional", "layer": GRU}, "bidirectional_1/gru_2"),
    ],
)
def test_a_layer_that_sees_later_tokens_is_named(
    tmp_path: Path, layer: dict[str, Any], seeing: str | None
) -> None:
    (tmp_path / "a.txt").write_text("to be or not " * 20)
    config = {
        "dataset": {"type": "text", "path": str(tmp_path / "a.txt"), "length": 8},
        "model": {
            "layers": [
                {"type": "embedding", "input_dim": "tokens", "output_dim": 4},
                layer,
                {"type": "dense", "units": "classes", "activation": "softmax"},
            ]
        },
        "optimizer": "adam",
        "training": {"loss": "categorical_crossentropy"},
    }
    said: list[Event] = []
    dltrain.fit(config, runs=tmp_path / "runs", observe=said.append)
    warnings = [one.text for one in said if isinstance(one, Notice) and "to be told" in one.text]
    assert [text.split()[0] for text in warnings] == ([] if seeing is None else [seeing])
