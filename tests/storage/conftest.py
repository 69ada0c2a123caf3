import numpy as np
import pytest

from dltrain.storage.checkpoint import Checkpoint


@pytest.fixture
def checkpoint() -> Checkpoint:
    generator = np.random.default_rng(0)
    return Checkpoint(
        config={"version": 1, "name": "small", "optimizer": {"learning_rate": 1e-05}},
        class_names=("cat", "Hündin"),
        classes=2,
        input_shape=(2, 3, 1),
        preprocessing={"source_shape": [2, 3, 1], "transforms": []},
        metrics={"epoch": 1, "val_loss": 0.1},
        dataset_fingerprint="f" * 64,
        tensors={
            "dense_1/kernel": generator.standard_normal((6, 2)).astype(np.float32),
            "dense_1/bias": np.zeros(2, np.float32),
            "counts": np.arange(3, dtype=np.int64),
            "scalar": np.float32(2.5).reshape(()),
            "empty": np.zeros((0, 4), np.float32),
        },
        training={"epoch": 1, "step": 7, "history": [{"epoch": 1}]},
    )
