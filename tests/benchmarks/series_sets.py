"""Series that accuracies are compared on: what comes next, and which class they are of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Config = dict[str, Any]
SHARE = 0.2
"""The share of steps, or series, to test on where there is no file for it."""
WINDOWS = {"type": "conv1d", "filters": 32, "padding": "same", "activation": "relu"}
CONVOLUTIONS: list[Any] = [
    {**WINDOWS, "kernel_size": 8},
    {**WINDOWS, "kernel_size": 5},
    {"type": "global_average_pooling1d"},
]
LSTM: list[Any] = [{"type": "lstm", "units": 32}]


def forecast(
    name: str, layer: str, *, length: int, epochs: int, horizon: int = 1, batch_size: int = 32
) -> Callable[[Path], Config]:
    """Give a function that makes the config of a series whose end is told."""

    def config(data: Path) -> Config:
        path = str(data / "tabular" / f"{name}.csv")
        dataset = {
            "type": "series", "path": path, "length": length, "horizon": horizon, "test": SHARE,
        }  # fmt: skip
        layers: list[Any] = [{"type": layer, "units": 24}, {"type": "dense", "units": "classes"}]
        return _config(dataset, layers, "mean_squared_error", "mean_absolute_error", epochs,
                       batch_size)  # fmt: skip

    return config


def classes(
    name: str, layers: list[Any], *, epochs: int, batch_size: int = 16, **fields: Any
) -> Callable[[Path], Config]:
    """Give a function that makes the config of series with classes."""
    last = {"type": "dense", "units": "classes", "activation": "softmax"}

    def config(data: Path) -> Config:
        dataset = {"type": "labelled_series", "path": str(data / "timeseries" / name), **fields}
        return _config(dataset, [*layers, last], "categorical_crossentropy", "accuracy", epochs,
                       batch_size)  # fmt: skip

    return config


def _config(
    dataset: Config, layers: list[Any], loss: str, metric: str, epochs: int, batch_size: int
) -> Config:
    return {
        "dataset": dataset,
        "model": {"layers": layers},
        "optimizer": {"type": "adam", "learning_rate": 3e-3},
        "training": {
            "loss": loss, "metrics": [metric], "epochs": epochs, "batch_size": batch_size,
        },
    }  # fmt: skip


SETS: dict[str, Callable[[Path], Config]] = {
    "airline": forecast("airline-passengers", "lstm", length=12, epochs=40, batch_size=16),
    "temperatures": forecast("daily-min-temperatures", "lstm", length=14, epochs=4),
    "sunspots": forecast("monthly-sunspots", "gru", length=24, horizon=3, epochs=5),
    "gun_point": classes("GunPoint", CONVOLUTIONS, epochs=60),
    "italy_power_demand": classes("ItalyPowerDemand", CONVOLUTIONS, epochs=30),
    "arrow_head": classes("ArrowHead", CONVOLUTIONS, epochs=60),
    "osu_leaf": classes("OSULeaf", CONVOLUTIONS, epochs=30),
    "basic_motions": classes("BasicMotions", LSTM, epochs=30),
    "japanese_vowels": classes("JapaneseVowels", ["masking", *LSTM], epochs=15),
    "ecg5000": classes("ECG5000", CONVOLUTIONS, epochs=20, test=SHARE),
}
