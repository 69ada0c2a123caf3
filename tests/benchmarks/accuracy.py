"""Train the same straightforward model in dltrain and in Keras on real data, and compare them.

python tests/benchmarks/accuracy.py --data FOLDER [--sets sst2 trec ...] [--seeds 5]

Both see the same batches, for as many epochs, with the same optimizer; each draws its starting
weights by itself. The last epoch's network is judged on the
test split. FOLDER is that of the data sets, with `text`, `tabular` and `timeseries` in it. Errors
are those of standardized targets. Keras runs on JAX: on TensorFlow its Adam is another one for
tables of tokens (see keras_models.py).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from math import sqrt
from pathlib import Path
from statistics import mean, stdev
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray

from dltrain.config.loader import load_dict
from dltrain.config.schema import RunConfig
from dltrain.data.loader import Loader
from dltrain.data.samples import Data, Samples
from dltrain.engine.evaluator import Evaluator
from dltrain.engine.network import Network
from dltrain.engine.trainer import Trainer
from tests.benchmarks import accuracy_sets, series_sets, table_sets

Config = Mapping[str, Any]
SETS = {**accuracy_sets.SETS, **table_sets.SETS, **series_sets.SETS}


def main() -> None:
    """Train all, and print each result, the means, their difference and its standard error."""
    arguments = _arguments()
    for name in arguments.sets or list(SETS):
        config = SETS[name](arguments.data)
        found: dict[str, list[float]] = {"Keras": [], "dltrain": []}
        for seed in range(arguments.seeds):
            data = _data(config, seed)
            found["dltrain"].append(with_dltrain(config, data, seed, arguments.threads))
            found["Keras"].append(with_keras(config, data, seed))
        print(summary(name, _metric(config), found), flush=True)


def with_dltrain(config: Config, data: Data, seed: int, threads: int) -> float:
    """Train a network; give the metric on the test split."""
    read = _read(config)
    train, settings = data.splits["train"], read.training
    network = Network.build(
        read.model.expand(), input_shape=data.input_shape, classes=data.classes, facts=data.inputs,
        seed=seed,
    )  # fmt: skip
    size = min(settings.batch_size, len(train))
    common: Any = {
        "loss": settings.loss, "metrics": settings.metrics, "batch_size": size, "threads": threads,
        "target_form": data.target_form,
    }  # fmt: skip
    epochs = settings.epochs or 1
    steps = epochs * len(Loader(train, size))
    trainer = Trainer(network, optimizer=read.optimizer, seed=seed, total_steps=steps, **common)
    for epoch in range(epochs):
        for batch in Loader(train, size, seed=seed, epoch=epoch, shuffle=True):
            trainer.step(batch.x, batch.y)
    evaluator = Evaluator(network, **common)
    for batch in Loader(data.splits["test"], size):
        evaluator.add(batch.x, batch.y)
    return float(evaluator.result().metrics[0])


def with_keras(config: Config, data: Data, seed: int) -> float:
    """Train the same model with `fit`; give the metric on the test split."""
    from tests.benchmarks.keras_models import keras, keras_model

    keras.utils.set_random_seed(seed)
    settings, optimizer = config["training"], dict(config["optimizer"])
    model = keras_model(
        config["model"]["layers"], data.input_shape, classes=data.classes, facts=data.inputs
    )
    labels = data.target_form == "labels"
    sparse = "sparse_categorical_crossentropy"
    loss = sparse if settings["loss"] == "categorical_crossentropy" else settings["loss"]
    name = {"adam": "Adam", "sgd": "SGD"}[optimizer.pop("type")]
    metric = "sparse_categorical_accuracy" if labels and loss == sparse else _metric(config)
    model.compile(getattr(keras.optimizers, name)(**optimizer), loss, metrics=[metric])
    x, y = _arrays(data.splits["train"])
    sizes = {"batch_size": settings["batch_size"], "verbose": 0}
    for epoch in range(settings["epochs"]):
        # Left to itself, `fit` takes one order in all epochs once a seed is set, which does better
        # in short trainings. So both see the batches of dltrain's order.
        loader = Loader(data.splits["train"], settings["batch_size"], seed=seed, epoch=epoch,
                        shuffle=True)  # fmt: skip
        order = loader.order()
        model.fit(x[order], y[order], shuffle=False, **sizes)
    return float(model.evaluate(*_arrays(data.splits["test"]), **sizes)[1])


def summary(name: str, metric: str, found: dict[str, list[float]]) -> str:
    """Say the means, what they differ by, and the standard error of that, seed by seed."""
    means = {who: mean(values) for who, values in found.items()}
    errors = {who: stdev(values) / sqrt(len(values)) for who, values in found.items()}
    # Both have the same split of a seed, so what splits differ by is in no difference.
    pairs = zip(found["dltrain"], found["Keras"], strict=True)
    differences = [one - other for one, other in pairs]
    difference, error = mean(differences), stdev(differences) / sqrt(len(differences))
    better = -difference if "error" in metric else difference
    verdict = "reached" if better >= -2 * error else "BELOW"
    each = ", ".join(f"{who} {means[who]:.4f} +- {errors[who]:.4f}" for who in found)
    return f"{name}: {metric}: {each}; difference {difference:+.4f} +- {error:.4f}: {verdict}"


def _metric(config: Config) -> str:
    return str(config["training"]["metrics"][0])


def _read(config: Config) -> RunConfig:
    return load_dict(dict(config)).config


def _data(config: Config, seed: int) -> Data:
    dataset = _read(config).dataset
    assert dataset is not None
    data = dataset.load(seed=seed)
    if "test" in data.splits:
        return data
    # Series end in what is told: the share for validation is the test.
    splits = {"train": data.splits["train"], "test": data.splits["validation"]}
    return Data(**{**vars(data), "splits": splits})


def _arrays(samples: Samples) -> tuple[NDArray[Any], NDArray[Any]]:
    x = np.empty((len(samples), *samples.shape), np.float32)
    kind = np.int32 if samples.targets.dtype.kind == "i" else np.float32
    y = np.empty((len(samples), *samples.target_shape), kind)
    rows = np.arange(len(samples))
    samples.gather(rows, x)
    samples.gather_targets(rows, y)
    return x, y


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--sets", nargs="+", choices=SETS, metavar="SET", help=", ".join(SETS))
    parser.add_argument("--seeds", type=int, default=5, help="how many (default 5)")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser.add_argument("--threads", type=int, default=cores, help=f"default {cores}")
    return parser.parse_args()


if __name__ == "__main__":
    main()
