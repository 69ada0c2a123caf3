"""Tables that accuracies are compared on, each with a small network of dense layers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Config = dict[str, Any]
SHARE = 0.2
"""The share of rows to test on."""


def table(
    name: str, *, epochs: int, batch_size: int = 16, units: int = 32, **fields: Any
) -> Callable[[Path], Config]:
    """Give a function that makes the config of a table whose last column is told."""
    numbers = fields.get("task") == "regression"
    last = {"type": "dense", "units": "classes", "activation": "linear" if numbers else "softmax"}
    hidden = {"type": "dense", "units": units, "activation": "relu"}

    def config(data: Path) -> Config:
        path = str(data / "tabular" / f"{name}.csv")
        plain = {"header": False, "target": -1, "test": SHARE, **fields}
        return {
            "dataset": {"type": "table", "path": path, **plain},
            "model": {"layers": ["category_embedding", hidden, hidden, last]},
            "optimizer": {"type": "adam", "learning_rate": 3e-3},
            "training": {
                "loss": "mean_squared_error" if numbers else "categorical_crossentropy",
                "metrics": ["mean_absolute_error" if numbers else "accuracy"],
                "epochs": epochs,
                "batch_size": batch_size,
            },
        }

    return config


SETS: dict[str, Callable[[Path], Config]] = {
    "wine": table("wine", epochs=30),
    "iris": table("iris", epochs=50),
    "pima": table("pima-indians-diabetes", epochs=15),
    "sonar": table("sonar", epochs=40),
    "ionosphere": table("ionosphere", epochs=30),
    "banknote": table("banknote_authentication", epochs=10),
    "abalone": table("abalone", epochs=15, batch_size=32, task="regression"),
    "winequality": table("winequality-white", epochs=15, batch_size=32),
    "california_housing": table(
        "california_housing", epochs=8, batch_size=64, units=64, task="regression", header=True,
        target="median_house_value", missing="median",
    ),
}  # fmt: skip
