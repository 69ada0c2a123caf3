"""A preset in a run: what is written down builds the same network again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import dltrain
from dltrain.config.loader import load

CONFIG: dict[str, Any] = {
    "dataset": {"type": "digits"},
    "model": {"type": "resnet20", "width": 0.25},
    "optimizer": "adam",
    "training": {"loss": "categorical_crossentropy", "epochs": 1, "batch_size": 256},
}


def test_a_checkpoint_and_the_resolved_config_build_the_network_again(tmp_path: Path) -> None:
    run = dltrain.fit(CONFIG, runs=tmp_path, name="preset")
    network = dltrain.build(run.folder / "resolved.yaml")
    model = dltrain.load(run.folder)
    assert load(run.folder / "resolved.yaml").config.model.dump() == {
        "type": "resnet20",
        "classes": None,
        "width": 0.25,
        "kernel_regularizer": None,
        "classifier_activation": {"type": "softmax"},
    }
    for own, saved in ((network.parameters, model.network.parameters),
                       (network.state, model.network.state)):  # fmt: skip
        assert list(own) == list(saved)
        for name, values in own.items():
            values[...] = saved[name]
    images = np.random.default_rng(0).random((3, 8, 8, 1), np.float32)
    np.testing.assert_array_equal(network.forward(images), model.network.forward(images))
