"""How fast a config's network trains and predicts on this computer, and where the time goes."""

from __future__ import annotations

import itertools
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.config.draft import Draft
from dltrain.engine.predictor import Predictor
from dltrain.engine.profile import LayerTime, profile
from dltrain.training.events import Event
from dltrain.training.job import Job
from dltrain.training.memory import peak_memory
from dltrain.training.prepare import load_data
from dltrain.training.roofline import Peaks, Standing, measure_peaks, stand
from dltrain.training.state import TrainingState

ROUNDS = 5
"""Measurements; the median counts."""
ROUND_SECONDS = 0.4
"""How long one measurement lasts, at least one step."""
MOST_BATCHES = 64
"""Batches that are trained on in turn: on one alone the network soon knows it by heart, and its
gradients are no longer those of a training."""
MOST_BYTES = 2**26
"""Bytes that these batches may take, at least one batch."""
Batch = tuple[NDArray[np.float32], NDArray[np.generic]]


@dataclass(frozen=True)
class Benchmark:
    """What was measured. Rates are medians of several rounds, in samples per second."""

    batch_size: int
    threads: int
    training: float
    inference: float
    inference_single: float
    """One sample at a time."""
    step_seconds: float
    """One training step, without the clock around each row."""
    peak_memory: int
    """Bytes of the whole process, the data set included."""
    layers: tuple[LayerTime, ...]
    """Seconds of one training step, layer by layer."""
    peaks: Peaks

    @property
    def whole(self) -> LayerTime:
        """The sum of all layers."""
        return LayerTime(
            "step",
            sum(layer.forward for layer in self.layers),
            sum(layer.backward for layer in self.layers),
            sum(layer.operations for layer in self.layers),
            sum(layer.bytes for layer in self.layers),
        )

    def standing(self, layer: LayerTime) -> Standing:
        """Place a layer, or the whole, under the machine's peaks."""
        return stand(layer.total, layer.operations, layer.bytes, self.peaks)

    def as_json(self) -> dict[str, Any]:
        """Give the form of `benchmark --json`."""
        layers = [self._line(layer) for layer in self.layers]
        return {**asdict(self), "layers": layers, "step": self._line(self.whole)}

    def _line(self, layer: LayerTime) -> dict[str, Any]:
        return {**asdict(layer), "total": layer.total, **self.standing(layer).as_json()}


def benchmark(draft: Draft, observe: Callable[[Event], None]) -> Benchmark:
    """Train and predict for a few seconds with the first batches of the training split.

    Raises: ConfigError, DataError.
    """
    data = load_data(draft, observe)
    job = Job(draft, data, TrainingState(), observe)
    batches = _first_batches(job)
    x, _ = batches[0]
    trainer, turn = job.trainer, itertools.cycle(batches)
    step_seconds = _seconds(lambda: trainer.step(*next(turn)))
    layers = profile(trainer.program, [([x], _target(y)) for x, y in batches])
    batched = Predictor(job.network, batch_size=job.batch_size, threads=job.threads)
    single = Predictor(job.network, batch_size=1, threads=job.threads)
    inference = len(x) / _seconds(lambda: batched(x))
    inference_single = 1 / _seconds(lambda: single(x[:1]))
    return Benchmark(
        batch_size=job.batch_size,
        threads=job.threads,
        training=len(x) / step_seconds,
        inference=inference,
        inference_single=inference_single,
        step_seconds=step_seconds,
        peak_memory=peak_memory(),  # before the peaks, whose arrays are no part of a training
        layers=tuple(layers),
        peaks=measure_peaks(job.threads),
    )


def _first_batches(job: Job) -> list[Batch]:
    count, size = len(job.train), job.batch_size
    bytes_each = 4 * size * math.prod(job.data.input_shape)
    most = max(1, min(MOST_BATCHES, count // size, MOST_BYTES // bytes_each))
    return [_batch(job, np.arange(at * size, (at + 1) * size)) for at in range(most)]


def _batch(job: Job, indices: NDArray[np.int64]) -> Batch:
    x = np.empty((len(indices), *job.data.input_shape), np.float32)
    job.train.gather(indices, x)
    return x, job.train.targets[indices]


def _seconds(work: Callable[[], object]) -> float:
    """Give the median time of one call."""
    work()
    begin = time.perf_counter()
    work()
    calls = max(1, round(ROUND_SECONDS / max(time.perf_counter() - begin, 1e-7)))
    rounds = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(calls):
            work()
        rounds.append((time.perf_counter() - begin) / calls)
    return statistics.median(rounds)


def _target(y: NDArray[np.generic]) -> NDArray[np.generic]:
    kind = np.int32 if np.issubdtype(y.dtype, np.integer) else np.float32
    return np.ascontiguousarray(y, kind)
