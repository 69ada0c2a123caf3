"""Keras on TensorFlow: its own training step as one graph, with or without XLA."""

from __future__ import annotations

import os
from itertools import cycle, islice
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf

from tests.benchmarks.contender import Work
from tests.benchmarks.keras_networks import NETWORKS, compile_model


class Runner:
    """Trains with `train_step` and with `fit`, predicts with a traced call."""

    def __init__(self, *, jit: bool) -> None:
        """Choose whether XLA compiles the graphs."""
        self.jit = jit

    def setup(self, work: Work) -> None:
        """Build the model and trace its steps."""
        tf.config.threading.set_intra_op_parallelism_threads(work.threads)
        keras.utils.set_random_seed(0)
        self.batch_size = work.workload.batch_size
        self.ready = [(tf.constant(x), tf.constant(y)) for x, y in work.batches()]
        self.model = NETWORKS[work.workload.name]()
        compile_model(self.model, work.workload.optimizer, jit=self.jit)
        self.model.optimizer.build(self.model.trainable_variables)
        self.step = tf.function(lambda x, y: self.model.train_step((x, y)), jit_compile=self.jit)
        self.call = tf.function(
            lambda x: self.model(x, training=False), jit_compile=self.jit, reduce_retracing=False
        )
        self.images, self.labels = tf.constant(work.images), tf.constant(work.labels)

    def train(self, steps: int) -> None:
        """Take steps on batches that lie ready."""
        for x, y in islice(cycle(self.ready), steps):
            logs = self.step(x, y)
        float(logs["loss"])

    def fit(self, steps: int) -> None:
        """Take the steps in one call of `fit`, the images drawn and scaled by tf.data."""
        order = np.random.default_rng(0).permutation(len(self.images))
        batches = (
            tf.data.Dataset.from_tensor_slices(np.resize(order, steps * self.batch_size))
            .batch(self.batch_size)
            .map(self._batch, num_parallel_calls=tf.data.AUTOTUNE)
            .prefetch(tf.data.AUTOTUNE)
        )
        self.model.fit(batches, epochs=1, shuffle=False, verbose=0)

    def infer(self, batch_size: int, calls: int) -> None:
        """Predict batch after batch."""
        inputs = [x[:batch_size] for x, _ in self.ready]
        for x in islice(cycle(inputs), calls):
            self.call(x).numpy()

    def _batch(self, rows: Any) -> tuple[Any, Any]:
        x = tf.cast(tf.gather(self.images, rows), tf.float32) / 255
        return x, tf.gather(self.labels, rows)
