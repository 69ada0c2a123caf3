"""How fast a config's network trains and predicts on this computer, and where the time goes."""

from __future__ import annotations

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
from dltrain.training.events import Event, Notice
from dltrain.training.job import Job
from dltrain.training.memory import peak_memory
from dltrain.training.prepare import load_data
from dltrain.training.state import TrainingState

ROUNDS = 5
"""Measurements; the median counts."""
ROUND_SECONDS = 0.4
"""How long one measurement lasts, at least one step."""
PROFILED_STEPS = 20


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

    def as_json(self) -> dict[str, Any]:
        """Give the form of `benchmark --json`."""
        layers = [{**asdict(layer), "total": layer.total} for layer in self.layers]
        return {**asdict(self), "layers": layers}


def benchmark(draft: Draft, observe: Callable[[Event], None]) -> Benchmark:
    """Train and predict for a few seconds with the first batch of the training split.

    Raises: ConfigError, DataError.
    """
    data = load_data(draft, lambda text: observe(Notice(text)))
    job = Job(draft, data, TrainingState(), observe)
    x, y = _first_batch(job)
    trainer = job.trainer
    step_seconds = _seconds(lambda: trainer.step(x, y))
    batched = Predictor(job.network, batch_size=job.batch_size, threads=job.threads)
    single = Predictor(job.network, batch_size=1, threads=job.threads)
    inference = len(x) / _seconds(lambda: batched(x))
    inference_single = 1 / _seconds(lambda: single(x[:1]))
    layers = profile(trainer.program, [x], _target(y), repeats=PROFILED_STEPS)
    return Benchmark(
        batch_size=job.batch_size,
        threads=job.threads,
        training=len(x) / step_seconds,
        inference=inference,
        inference_single=inference_single,
        step_seconds=step_seconds,
        peak_memory=peak_memory(),
        layers=tuple(layers),
    )


def _first_batch(job: Job) -> tuple[NDArray[np.float32], NDArray[np.generic]]:
    count = job.batch_size
    x = np.empty((count, *job.data.input_shape), np.float32)
    job.train.gather(np.arange(count), x)
    return x, job.train.targets[:count].copy()


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
