"""Rounds of work, measured in turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import sleep

from tests.benchmarks.contender import Entry
from tests.benchmarks.with_numpy import SIZES
from tests.benchmarks.worker import Worker
from tests.benchmarks.workloads import WORKLOADS, Workload

Figures = dict[str, dict[str, float]]
"""Measure -> contender -> figure."""

TRAINING = "training, samples/s"
MEMORY = "peak memory, MiB"


@dataclass(frozen=True)
class Session:
    """How a run measures."""

    rounds: int
    seconds: float
    """How long a round is to take about."""
    threads: int
    data: Path | None

    def start(self, entry: Entry, workload: Workload) -> Worker:
        """Start a contender's process."""
        return Worker(entry, workload, self.data, self.threads)


@dataclass
class Measure:
    """A kind of round: a method of the contenders, its first arguments, samples of a turn."""

    method: str
    samples: int
    arguments: tuple[int, ...] = ()
    turns: dict[str, int] = field(default_factory=dict)
    asked: tuple[str, ...] = ("",)
    """How the names of those begin that can do it."""

    def rate(self, name: str, worker: Worker) -> float:
        """Run one round; give samples per second."""
        turns = self.turns[name]
        return self.samples * turns / worker.seconds(self.method, *self.arguments, turns)

    def prepare(self, name: str, worker: Worker, seconds: float) -> None:
        """Warm up (graphs are traced, kernels compiled); find how many turns fill a round."""
        worker.seconds(self.method, *self.arguments, 2)
        turns = 2
        while (taken := worker.seconds(self.method, *self.arguments, turns)) < seconds / 4:
            turns *= 4
        self.turns[name] = max(2, round(turns * seconds / taken))


def measures_of(workload: Workload) -> dict[str, Measure]:
    """Give what is measured of a workload, by the headings of the table."""
    measures = {TRAINING: Measure("train", workload.batch_size)}
    if workload.stored:
        measures["training from data, samples/s"] = Measure("fit", workload.batch_size)
    for size in (32, 1):
        measures[f"inference of {size}, samples/s"] = Measure("infer", size, (size,))
    if workload.writes:
        (length,) = workload.input_shape
        measures["writing, tokens/s"] = Measure("write", length, asked=("dltrain", "torch"))
    return measures


def measure_rates(
    entries: list[Entry], workload: Workload, session: Session, machine: Machine
) -> Figures:
    """Give the median rate of each measure and contender.

    Rounds go round the contenders, so that whatever else the machine does meets all of them.
    """
    workers = {entry.name: session.start(entry, workload) for entry in entries}
    figures: Figures = {}
    for heading, measure in measures_of(workload).items():
        able = {name: each for name, each in workers.items() if name.startswith(measure.asked)}
        for name, worker in able.items():
            measure.prepare(name, worker, session.seconds)
        rates: dict[str, list[float]] = {name: [] for name in able}
        for _ in range(session.rounds):
            for name, worker in able.items():
                # Threads of the one before may spin for a while.
                sleep(0.2)
                rates[name].append(measure.rate(name, worker))
            if heading == TRAINING:
                machine.look()
        figures[heading] = {name: median(values) for name, values in rates.items()}
    for worker in workers.values():
        worker.stop()
    return figures


def measure_memory(entry: Entry, workload: Workload, session: Session) -> float:
    """Give the peak in MiB of a fresh process that trains."""
    worker = session.start(entry, workload)
    worker.seconds("fit" if workload.stored else "train", 2 * workload.batches)
    peak = worker.memory()
    worker.stop()
    return peak / 2**20


class Machine:
    """What the processor can do: the best rate of NumPy's large matrix products seen so far."""

    def __init__(self, session: Session) -> None:
        """Start NumPy's process."""
        entry = Entry("numpy", "tests.benchmarks.with_numpy", {})
        self._worker = session.start(entry, next(iter(WORKLOADS.values())))
        self.peak = 0.0
        """Floating-point operations per second."""
        self.look()

    def look(self) -> None:
        """Multiply once more."""
        for size in SIZES:
            times = max(1, round((2048 / size) ** 3))
            sleep(0.1)
            seconds = self._worker.seconds("product", size, times)
            self.peak = max(self.peak, 2.0 * size**3 * times / seconds)

    def stop(self) -> None:
        """End the process."""
        self._worker.stop()
