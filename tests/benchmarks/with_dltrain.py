"""dltrain, through its Python API."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dltrain.config.loader import load
from dltrain.data.loader import Loader
from dltrain.data.samples import StoredSamples
from dltrain.data.stores import ArrayStore
from dltrain.engine.network import Network
from dltrain.engine.predictor import Predictor
from dltrain.engine.trainer import Trainer
from tests.benchmarks.contender import BATCH_SIZE, CLASSES, Work

CONFIG = Path(__file__).parents[2] / "configs" / "mnist_cnn.yaml"


class Runner:
    """Trains and predicts with the network of the config file."""

    def setup(self, work: Work) -> None:
        """Build trainer and predictors, and take one step with each."""
        self.work = work
        self.ready = [(x, y.astype(np.int32)) for x, y in work.batches()]
        config = load(CONFIG).config
        self.network = Network.build(
            config.model.expand(),
            input_shape=(28, 28, 1),
            classes=CLASSES,
            seed=0,
            threads=work.threads,
        )
        self.trainer = Trainer(
            self.network,
            loss=config.training.loss,
            metrics=config.training.metrics,
            optimizer=config.optimizer,
            batch_size=BATCH_SIZE,
            threads=work.threads,
            seed=0,
            total_steps=1_000_000,
        )
        self.samples = StoredSamples(ArrayStore(work.images), None, work.labels.astype(np.int32))
        self.epoch = 0
        self.predictors: dict[int, Predictor] = {}

    def train_round(self) -> int:
        """Take the steps on batches that lie ready."""
        for x, y in self.ready:
            self.trainer.step(x, y)
        return len(self.ready) * BATCH_SIZE

    def fit_round(self) -> int:
        """Take the steps on batches from the loader."""
        self.epoch += 1
        loader = Loader(self.samples, BATCH_SIZE, seed=0, epoch=self.epoch, shuffle=True)
        for number, batch in enumerate(loader, 1):
            self.trainer.step(batch.x, batch.y)
            if number == self.work.fit_steps:
                break
        return self.work.fit_steps * BATCH_SIZE

    def infer_round(self, batch_size: int) -> int:
        """Predict batch after batch."""
        if batch_size not in self.predictors:
            self.predictors[batch_size] = Predictor(
                self.network, batch_size=batch_size, threads=self.work.threads
            )
        predict = self.predictors[batch_size]
        calls = self.work.steps * (1 if batch_size == BATCH_SIZE else 4)
        for number in range(calls):
            predict(self.ready[number % len(self.ready)][0][:batch_size])
        return calls * batch_size
