"""Measure dltrain beside PyTorch, TensorFlow/Keras and Keras on JAX.

python tests/benchmarks/peers.py --workload all --data FOLDER [--rounds 5] [--json FILE]
python tests/benchmarks/peers.py --workload resnet20 --precision bfloat16

Every contender has a process of its own, all on the same processors and number of threads. Rounds
go round the contenders; a figure is the median of its rounds. Peak memory is that of fresh
processes that train. Images are drawn from a fixed seed, but those of mnist_cnn are MNIST's. With
bfloat16 dltrain in both precisions stands beside PyTorch's autocast; dltrain predicts in float32.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.contender import DLTRAIN, ENTRIES, Entry
from tests.benchmarks.measuring import (
    MEMORY,
    Figures,
    Machine,
    Session,
    measure_memory,
    measure_rates,
)
from tests.benchmarks.report import ratios, share, table
from tests.benchmarks.workloads import WORKLOADS, Workload


def main() -> None:
    """Measure, print tables and ratios, write JSON where asked."""
    arguments = _arguments()
    if hasattr(os, "sched_setaffinity"):
        # Inherited by every contender: some libraries have no other way to take fewer threads.
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[: arguments.threads])
    if os.getloadavg()[0] > 0.5:
        print("warning: the machine is busy, the figures will be off", file=sys.stderr)
    session = Session(arguments.rounds, arguments.seconds, arguments.threads, arguments.data)
    everyone = ENTRIES[arguments.precision]
    chosen = arguments.contenders
    entries = [entry for entry in everyone if chosen is None or entry.name in chosen]
    names = list(WORKLOADS) if arguments.workload == "all" else [arguments.workload]
    machine = Machine(session)
    results: dict[str, Figures] = {}
    for name in names:
        results[name] = measure(WORKLOADS[name], entries, session, machine)
        shown = [*table(results[name]), "", *ratios(results[name], everyone[0].name)]
        print("\n".join([f"# {name}", *shown, *_share(name, results[name], machine), ""]))
    machine.stop()
    if arguments.json:
        written = {"peak, GFLOP/s": machine.peak / 1e9, "workloads": results}
        Path(arguments.json).write_text(json.dumps(written, indent=2) + "\n")


def measure(
    workload: Workload, entries: list[Entry], session: Session, machine: Machine
) -> Figures:  # fmt: skip
    """Measure everything of one workload."""
    if len(workload.input_shape) < 3:
        entries = [entry for entry in entries if not entry.options.get("channels_last")]
    figures = measure_rates(entries, workload, session, machine)
    figures[MEMORY] = {entry.name: measure_memory(entry, workload, session) for entry in entries}
    return figures


def _share(name: str, figures: Figures, machine: Machine) -> list[str]:
    if DLTRAIN not in next(iter(figures.values())):
        return [f"peak: {machine.peak / 1e9:.0f} GFLOP/s"]
    from tests.benchmarks.with_dltrain import training_operations

    return [share(figures, training_operations(WORKLOADS[name]), machine.peak)]


def _arguments() -> argparse.Namespace:
    names = sorted({entry.name for entries in ENTRIES.values() for entry in entries})
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    choices = [*WORKLOADS, "all"]
    parser.add_argument("--workload", choices=choices, default="mnist_cnn", help="or all")
    parser.add_argument("--data", type=Path, help="folder of MNIST's IDX files, for mnist_cnn")
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds (default 5)")
    parser.add_argument("--seconds", type=float, default=0.6, help="of a round (default 0.6)")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser.add_argument("--threads", type=int, default=cores, help=f"default {cores}")
    parser.add_argument("--json", help="write all figures to this file")
    parser.add_argument("--precision", choices=ENTRIES, default="float32", help="of training")
    parser.add_argument("--contenders", nargs="+", choices=names, metavar="NAME", help="not all")
    arguments = parser.parse_args()
    if arguments.data is None and arguments.workload in ("mnist_cnn", "all"):
        parser.error("mnist_cnn needs --data FOLDER with MNIST's files")
    return arguments


if __name__ == "__main__":
    main()
