"""Measure dltrain beside TensorFlow/Keras and PyTorch: the network of configs/mnist_cnn.yaml.

python tests/benchmarks/peers.py --data FOLDER [--rounds 5] [--json FILE]

Every contender has a process of its own. Rounds go round the contenders, so that whatever else the
machine does meets all of them; a figure is the median of its rounds. Peak memory is that of fresh
processes, which hold MNIST as 8-bit images and train.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from statistics import median
from time import sleep

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.contender import BATCH_SIZE, DLTRAIN, ENTRIES, Entry
from tests.benchmarks.worker import Worker

Figures = dict[str, dict[str, float]]
"""Measure -> contender -> figure."""

ROUNDS = {
    "training, images/s": ("train_round",),
    "training from data, images/s": ("fit_round",),
    "inference of 64, images/s": ("infer_round", BATCH_SIZE),
    "inference of 1, images/s": ("infer_round", 1),
}
MEMORY = "peak memory, MiB"


def main() -> None:
    """Measure, print a table and ratios, write JSON where asked."""
    arguments = _arguments()
    entries = [entry for entry in ENTRIES if entry.name in arguments.contenders]
    figures = measure_rates(entries, arguments)
    figures[MEMORY] = {entry.name: measure_memory(entry, arguments) for entry in entries}
    print("\n".join([*table(figures), "", *ratios(figures)]))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(figures, indent=2) + "\n")


def measure_rates(entries: list[Entry], arguments: argparse.Namespace) -> Figures:
    """Give the median rate of each measure and contender."""
    if os.getloadavg()[0] > 0.5:
        print("warning: the machine is busy, the figures will be off", file=sys.stderr)
    options = {"threads": arguments.threads, "steps": arguments.steps}
    workers = {entry.name: Worker(entry, arguments.data, **options) for entry in entries}
    figures: Figures = {}
    for measure, call in ROUNDS.items():
        rates: dict[str, list[float]] = {name: [] for name in workers}
        # The first round warms up: graphs are traced and kernels compiled.
        for number in range(arguments.rounds + 1):
            for name, worker in workers.items():
                # Threads of the one before may spin for a while.
                sleep(0.2)
                rate = worker.rate(*call)
                if number:
                    rates[name].append(rate)
        figures[measure] = {name: median(values) for name, values in rates.items()}
        print(f"measured: {measure}", file=sys.stderr)
    for worker in workers.values():
        worker.stop()
    return figures


def measure_memory(entry: Entry, arguments: argparse.Namespace) -> float:
    """Give the peak of a fresh process that trains."""
    worker = Worker(entry, arguments.data, threads=arguments.threads, steps=arguments.steps)
    worker.rate("fit_round")
    peak = worker.memory()
    worker.stop()
    return peak / 2**20


def table(figures: Figures) -> list[str]:
    """Lay the figures out, a line for each contender."""
    names = list(next(iter(figures.values())))
    width = max(map(len, names))
    lines = [" | ".join([" " * width, *figures])]
    for name in names:
        cells = [f"{values[name]:>{len(measure)},.0f}" for measure, values in figures.items()]
        lines.append(" | ".join([name.ljust(width), *cells]))
    return lines


def ratios(figures: Figures) -> list[str]:
    """Say how dltrain stands to the best of each framework and of all."""
    lines = []
    for measure, values in figures.items():
        peers = {name: value for name, value in values.items() if name != DLTRAIN}
        if DLTRAIN not in values or not peers:
            continue
        best = min if measure == MEMORY else max
        parts = []
        for framework in ("keras", "torch", ""):
            group = {name: value for name, value in peers.items() if name.startswith(framework)}
            if group:
                name = best(group, key=lambda key: group[key])
                parts.append(f"{values[DLTRAIN] / group[name]:.2f} of {name}")
        lines.append(f"{measure}: dltrain is {', '.join(dict.fromkeys(parts))}")
    return lines


def _arguments() -> argparse.Namespace:
    names = [entry.name for entry in ENTRIES]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of MNIST's IDX files")
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds (default 5)")
    parser.add_argument("--steps", type=int, default=60, help="steps in a round (default 60)")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser.add_argument("--threads", type=int, default=cores, help=f"default {cores}")
    parser.add_argument("--json", help="write all figures to this file")
    parser.add_argument("--contenders", nargs="+", choices=names, default=names, metavar="NAME")
    return parser.parse_args()


if __name__ == "__main__":
    main()
