"""Keras on JAX: its own training step, compiled by XLA."""
# ruff: noqa: E402 - what the imports read is set before them

from __future__ import annotations

import os
import sys
from itertools import cycle, islice
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
# Keras imports TensorFlow where it is installed: here it would only take memory.
sys.modules["tensorflow"] = None  # type: ignore[assignment]

import jax
import keras
import numpy as np

from tests.benchmarks.contender import Work
from tests.benchmarks.keras_networks import NETWORKS, compile_model


class Runner:
    """Trains with the model's own step on state that it hands on, predicts with a compiled call.

    XLA takes its threads from the processors that the process may use.
    """

    def setup(self, work: Work) -> None:
        """Build the model and take its variables out."""
        keras.utils.set_random_seed(0)
        self.batch_size = work.workload.batch_size
        self.ready = [
            (jax.device_put(x), jax.device_put(y.astype(np.int32))) for x, y in work.batches()
        ]
        self.images, self.labels = work.images, work.labels
        self.model = NETWORKS[work.workload.name]()
        compile_model(self.model, work.workload.optimizer, jit=True)
        self.model.optimizer.build(self.model.trainable_variables)
        # The first batch builds the metrics, which are part of the state.
        self.model.train_on_batch(*work.batches()[0])
        self.state = self.model._get_jax_state(
            trainable_variables=True,
            non_trainable_variables=True,
            optimizer_variables=True,
            metrics_variables=True,
            purge_model_variables=True,
        )
        self.step = jax.jit(self.model.train_step, donate_argnums=0)
        self.call = jax.jit(self._probabilities)

    def train(self, steps: int) -> None:
        """Take steps on batches that lie ready."""
        for x, y in islice(cycle(self.ready), steps):
            logs, self.state = self.step(self.state, (x, y))
        jax.block_until_ready((logs, self.state))

    def fit(self, steps: int) -> None:
        """Take steps on shuffled images, scaled batch by batch in NumPy."""
        order = np.random.default_rng(0).permutation(len(self.images))
        whole = len(order) // self.batch_size
        rows = np.split(order[: whole * self.batch_size], whole)
        for drawn in islice(cycle(rows), steps):
            x = self.images[drawn].astype(np.float32) / np.float32(255)
            batch = (x, self.labels[drawn].astype(np.int32))
            logs, self.state = self.step(self.state, batch)
        jax.block_until_ready((logs, self.state))

    def infer(self, batch_size: int, calls: int) -> None:
        """Predict batch after batch."""
        trained, fixed = self.state[:2]
        inputs = [x[:batch_size] for x, _ in self.ready]
        for x in islice(cycle(inputs), calls):
            np.asarray(self.call(trained, fixed, x))

    def _probabilities(self, trained: Any, fixed: Any, x: Any) -> Any:
        return self.model.stateless_call(trained, fixed, x, training=False)[0]
