"""Train ResNet-20 on CIFAR-10 with dltrain and with PyTorch, and compare the test accuracies.

python tests/benchmarks/cifar10_accuracy.py --data FOLDER [--epochs 3] [--seeds 5] [--bfloat16]

For each seed all begin with the same weights and see the same batches, flipped and shifted by
dltrain's augmentations. The learning rate follows dltrain's schedule, and is multiplied before the
momentum, as in Keras: PyTorch's own SGD does so after it, which in so short a training is another
schedule. With --bfloat16 dltrain trains in that precision too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial
from math import sqrt
from pathlib import Path
from statistics import mean, stdev
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import torch
import torch.nn.functional as F

from dltrain.config.loader import load_dict
from dltrain.config.schema import RunConfig
from dltrain.core.lowering import Precision
from dltrain.data.loader import Loader
from dltrain.data.samples import Data
from dltrain.engine.evaluator import Evaluator
from dltrain.engine.network import Network
from dltrain.engine.trainer import Trainer
from tests.benchmarks.torch_networks import load_weights, resnet20
from tests.benchmarks.workloads import CLASSES, MOMENTUM, WORKLOADS

BATCH_SIZE = 128


class Training:
    """One seed: starting weights, batches and learning rates."""

    def __init__(self, config: RunConfig, data: Data, seed: int, threads: int) -> None:
        """Count the steps."""
        self.config, self.data, self.seed, self.threads = config, data, seed, threads
        steps = len(Loader(data.splits["train"], BATCH_SIZE))
        self.total_steps = steps * config.training.epochs

    def network(self) -> Network:
        """Draw the starting weights, the same each time."""
        layers, shape = self.config.model.expand(), self.data.splits["train"].shape
        return Network.build(layers, input_shape=shape, classes=CLASSES, seed=self.seed)

    def batches(self) -> Iterator[Any]:
        """Give the batches of all epochs."""
        for epoch in range(self.config.training.epochs):
            yield from Loader(
                self.data.splits["train"],
                BATCH_SIZE,
                seed=self.seed,
                epoch=epoch,
                shuffle=True,
                augment=True,
            )

    def test_batches(self) -> Iterator[Any]:
        """Give the test images in order."""
        yield from Loader(self.data.splits["test"], BATCH_SIZE)


def with_dltrain(training: Training, precision: Precision = "float32") -> float:
    """Train a network; give the test accuracy."""
    config, network = training.config, training.network()
    network.precision = precision
    common = {
        "loss": config.training.loss,
        "metrics": config.training.metrics,
        "batch_size": BATCH_SIZE,
        "threads": training.threads,
    }
    trainer = Trainer(
        network,
        optimizer=config.optimizer,
        seed=training.seed,
        total_steps=training.total_steps,
        **common,
    )
    for batch in training.batches():
        trainer.step(batch.x, batch.y)
    evaluator = Evaluator(network, **common)
    for batch in training.test_batches():
        evaluator.add(batch.x, batch.y)
    return evaluator.result().metrics[0]


def with_torch(training: Training) -> float:
    """Train a copy in PyTorch's fastest eager mode; give the test accuracy."""
    torch.manual_seed(training.seed)
    torch.set_num_threads(training.threads)
    model = resnet20().to(memory_format=torch.channels_last)
    load_weights(model, training.network().parameters)
    weights = list(model.parameters())
    velocities = [torch.zeros_like(one) for one in weights]
    model.train()
    for step, batch in enumerate(training.batches()):
        rate = training.config.optimizer.rate(step, training.total_steps)
        loss = F.cross_entropy(model(_images(batch.x)), torch.from_numpy(batch.y).long())
        gradients = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            torch._foreach_mul_(velocities, MOMENTUM)
            torch._foreach_add_(velocities, gradients, alpha=-rate)
            torch._foreach_add_(weights, velocities)
    model.eval()
    right = 0
    with torch.inference_mode():
        for batch in training.test_batches():
            right += int((model(_images(batch.x)).argmax(1).numpy() == batch.y).sum())
    return right / len(training.data.splits["test"])


def main() -> None:
    """Train, print every accuracy, the means and their difference."""
    arguments = _arguments()
    config = _config(arguments)
    assert config.dataset is not None
    data = config.dataset.load(seed=0, announce=print, warn=print)
    contenders = CONTENDERS | (BFLOAT16 if arguments.bfloat16 else {})
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for seed in range(arguments.seeds):
        training = Training(config, data, seed, arguments.threads)
        for name, train in contenders.items():
            found[name].append(train(training))
            print(f"seed {seed}, {name}: {found[name][-1]:.4f}", flush=True)
    print("\n".join(summary(found)))


CONTENDERS: dict[str, Callable[[Training], float]] = {
    "PyTorch": with_torch,
    "dltrain": with_dltrain,
}
BFLOAT16: dict[str, Callable[[Training], float]] = {
    "dltrain in bfloat16": partial(with_dltrain, precision="bfloat16"),
}


def summary(found: dict[str, list[float]]) -> list[str]:
    """Give means with their standard errors, and each one's difference from PyTorch's."""
    errors = {
        name: stdev(values) / sqrt(len(values)) if len(values) > 1 else float("nan")
        for name, values in found.items()
    }
    lines = [f"{name}: {mean(found[name]):.4f} +- {errors[name]:.4f}" for name in found]
    for name in found:
        if name != "PyTorch":
            difference = mean(found[name]) - mean(found["PyTorch"])
            error = sqrt(errors[name] ** 2 + errors["PyTorch"] ** 2)
            lines.append(f"{name} - PyTorch: {difference:+.4f} +- {error:.4f}")
    return lines


def _images(x: np.ndarray[Any, Any]) -> torch.Tensor:
    # The loader's memory is used again: a copy, which has PyTorch's channels-last strides.
    return torch.from_numpy(x.copy()).permute(0, 3, 1, 2)


def _config(arguments: argparse.Namespace) -> RunConfig:
    augment = [{"type": "random_flip"}, {"type": "random_crop", "padding": 4}]
    rate = {"type": "cosine", "initial": 0.1, "warmup_steps": 40}
    config = {
        "dataset": {"type": "cifar10", "path": str(arguments.data), "augment": augment},
        "model": WORKLOADS["resnet20"].model,
        "optimizer": {"type": "sgd", "momentum": MOMENTUM, "learning_rate": rate},
        "training": {
            "loss": "categorical_crossentropy",
            "metrics": ["accuracy"],
            "epochs": arguments.epochs,
            "batch_size": BATCH_SIZE,
        },
    }
    return load_dict(config).config


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of CIFAR-10's files")
    parser.add_argument("--epochs", type=int, default=3, help="default 3")
    parser.add_argument("--seeds", type=int, default=5, help="how many (default 5)")
    parser.add_argument("--bfloat16", action="store_true", help="train in bfloat16 as well")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    return parser.parse_args()


if __name__ == "__main__":
    main()
