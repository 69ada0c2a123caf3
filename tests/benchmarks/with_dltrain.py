"""dltrain, through its Python API."""

from __future__ import annotations

from itertools import cycle, islice

import numpy as np

from dltrain.config.loader import load_dict
from dltrain.config.schema import RunConfig
from dltrain.core.lowering import Precision
from dltrain.data.loader import Loader
from dltrain.data.samples import StoredSamples
from dltrain.data.stores import ArrayStore
from dltrain.engine.network import Network
from dltrain.engine.predictor import Predictor
from dltrain.engine.stepper import Stepper
from dltrain.engine.trainer import Trainer
from dltrain.inference.generate import draw
from tests.benchmarks.contender import Work
from tests.benchmarks.workloads import Workload


class Runner:
    """Trains and predicts with the network of the workload's config."""

    def __init__(self, *, precision: Precision = "float32") -> None:
        """Choose the precision of training."""
        self.precision = precision

    def setup(self, work: Work) -> None:
        """Build network and trainer; predictors are made when first asked."""
        self.threads, self.batch_size = work.threads, work.workload.batch_size
        self.ready = [(x, y.astype(np.int32)) for x, y in work.batches()]
        self.network = build_network(work.workload, threads=work.threads)
        self.network.precision = self.precision
        config = read_config(work.workload)
        self.trainer = Trainer(
            self.network,
            loss=config.training.loss,
            metrics=config.training.metrics,
            optimizer=config.optimizer,
            batch_size=self.batch_size,
            threads=work.threads,
            seed=0,
            total_steps=1_000_000,
        )
        self.samples = StoredSamples(ArrayStore(work.images), None, work.labels.astype(np.int32))
        self.epoch = 0
        self.predictors: dict[int, Predictor] = {}
        self.stepper = Stepper(self.network) if work.workload.writes else None

    def train(self, steps: int) -> None:
        """Take steps on batches that lie ready."""
        for x, y in islice(cycle(self.ready), steps):
            self.trainer.step(x, y)

    def fit(self, steps: int) -> None:
        """Take steps on batches from the loader."""
        while steps > 0:
            self.epoch += 1
            loader = Loader(self.samples, self.batch_size, seed=0, epoch=self.epoch, shuffle=True)
            for batch in islice(loader, steps):
                self.trainer.step(batch.x, batch.y)
                steps -= 1

    def infer(self, batch_size: int, calls: int) -> None:
        """Predict batch after batch."""
        if batch_size not in self.predictors:
            self.predictors[batch_size] = Predictor(
                self.network, batch_size=batch_size, threads=self.threads
            )
        predict = self.predictors[batch_size]
        inputs = [x[:batch_size] for x, _ in self.ready]
        for x in islice(cycle(inputs), calls):
            predict(x)

    def write(self, texts: int) -> None:
        """Write texts, a step for each token."""
        stepper = self.stepper
        assert stepper is not None
        stepper.refresh()
        for _ in range(texts):
            token, stepper.position = 0, 0
            for _ in range(self.network.input_shape[0]):
                token = draw(stepper(token), 0, None, 0)


def read_config(workload: Workload) -> RunConfig:
    """Read the workload as a config."""
    training = {"loss": "categorical_crossentropy", "metrics": ["accuracy"]}
    config = {
        "model": workload.model,
        "optimizer": workload.optimizer_config,
        "training": {**training, "batch_size": workload.batch_size},
    }
    return load_dict(config, dataset=False).config


def build_network(workload: Workload, *, threads: int) -> Network:
    """Build the workload's network with starting values."""
    layers = read_config(workload).model.expand()
    return Network.build(
        layers, input_shape=workload.input_shape, classes=workload.classes, seed=0, threads=threads
    )


def training_operations(workload: Workload) -> float:
    """Count what a sample's step computes: 2 for each multiply-add of each contraction.

    Forward, input gradient and weight gradient take the same; the first layer has no input
    gradient.
    """
    table = build_network(workload, threads=1).layers_table()
    forward = [layer.multiply_adds for layer in table if layer.multiply_adds]
    return 2.0 * (3 * sum(forward) - forward[0])
