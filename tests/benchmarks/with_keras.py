"""Keras on TensorFlow: its own training step as one graph, with or without XLA."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from tests.benchmarks.contender import BATCH_SIZE, CLASSES, Work


def build_model() -> Any:
    """Build the network of the config file."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def compile_model(model: Any, *, jit: bool) -> None:
    """Give the model the config's optimizer, loss and metric."""
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=jit,
    )


class Runner:
    """Trains with `train_step` and with `fit`, predicts with a traced call."""

    def __init__(self, *, jit: bool) -> None:
        """Choose whether XLA compiles the graphs."""
        self.jit = jit

    def setup(self, work: Work) -> None:
        """Build the model and trace its steps."""
        tf.config.threading.set_intra_op_parallelism_threads(work.threads)
        keras.utils.set_random_seed(0)
        self.work = work
        self.ready = [(tf.constant(x), tf.constant(y)) for x, y in work.batches()]
        self.model = build_model()
        compile_model(self.model, jit=self.jit)
        self.model.optimizer.build(self.model.trainable_variables)
        self.step = tf.function(lambda x, y: self.model.train_step((x, y)), jit_compile=self.jit)
        self.call = tf.function(
            lambda x: self.model(x, training=False), jit_compile=self.jit, reduce_retracing=False
        )
        self.images, self.labels = tf.constant(work.images), tf.constant(work.labels)

    def train_round(self) -> int:
        """Take the steps on batches that lie ready."""
        for x, y in self.ready:
            logs = self.step(x, y)
        float(logs["loss"])
        return len(self.ready) * BATCH_SIZE

    def fit_round(self) -> int:
        """Take the steps in one call of `fit`, the images drawn and scaled by tf.data."""
        count = self.work.fit_steps * BATCH_SIZE
        order = np.random.default_rng(0).permutation(len(self.work.images))[:count]
        batches = (
            tf.data.Dataset.from_tensor_slices(order)
            .batch(BATCH_SIZE)
            .map(self._batch, num_parallel_calls=tf.data.AUTOTUNE)
            .prefetch(tf.data.AUTOTUNE)
        )
        self.model.fit(batches, epochs=1, shuffle=False, verbose=0)
        return count

    def infer_round(self, batch_size: int) -> int:
        """Predict batch after batch."""
        calls = self.work.steps * (1 if batch_size == BATCH_SIZE else 4)
        inputs = [x[:batch_size] for x, _ in self.ready]
        for number in range(calls):
            self.call(inputs[number % len(inputs)]).numpy()
        return calls * batch_size

    def _batch(self, rows: Any) -> tuple[Any, Any]:
        x = tf.cast(tf.gather(self.images, rows), tf.float32) / 255
        return x, tf.gather(self.labels, rows)
