"""How much memory a training takes at its peak, as a process, and whether there is so much.

There is one number, `Demand.peak`: the largest resident set of the process that trains, Python and
the data set included. `validate` shows it, `fit` refuses where it is more than the process can
have, and `peak_memory` measures it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from dltrain.config.draft import LoadedConfig
from dltrain.config.schema import RunConfig
from dltrain.core.errors import ConfigError
from dltrain.core.shapes import Shape
from dltrain.data.loader import loader_bytes
from dltrain.data.samples import DataFacts, TargetForm
from dltrain.engine.estimate import memory_estimate
from dltrain.engine.graph import Graph
from dltrain.engine.limits import available_memory, largest_batch
from dltrain.engine.lower import Objective
from dltrain.engine.target import host
from dltrain.engine.threads import available

GIGABYTE = 1e9


@dataclass(frozen=True)
class Demand:
    """All that decides how much memory a training takes, but the size of its batches."""

    config: RunConfig
    graph: Graph
    target_form: TargetForm
    target_shape: Shape
    samples: int
    """Samples to train on."""
    validated: bool
    held: int
    """Bytes that the process holds when its network is built, the data set among them."""
    lengths: tuple[int, ...] = ()
    """Steps that batches come in, where there are several."""
    reading: int = 0
    """Bytes at the worst moment before, where the data are read and prepared."""

    def peak(self, batch_size: int) -> int:
        """Give the largest resident set of the whole training, in bytes."""
        settings = self.config.training
        batch_size = min(batch_size, self.samples)
        taken = memory_estimate(
            self.graph,
            Objective(settings.loss, settings.metrics, self.target_form),
            self.config.optimizer,
            batch_size=batch_size,
            threads=available() if settings.threads == "auto" else settings.threads,
            precision=settings.precision,
            lengths=self.lengths,
        )
        shape = self.graph.inputs[0].shape
        batches = loader_bytes(shape, self.target_shape, count=self.samples, batch_size=batch_size)
        return max(self.reading, self.held + batches + taken.peak(validated=self.validated))


def demand_of(config: RunConfig, graph: Graph, facts: DataFacts) -> Demand:
    """Ask for a training whose data are not read yet, in a process that has done no more."""
    # Data are read before anything asks for the CPU's features, which loads the compiler.
    early, resident = _resident(), resident_memory()
    return Demand(
        config, graph, facts.target_form, facts.target_shape,
        samples=facts.samples["train"],
        validated="validation" in facts.samples,
        held=resident + facts.bytes_kept,
        lengths=facts.lengths,
        reading=early + facts.bytes_read,
    )  # fmt: skip


def resident_memory() -> int:
    """Give the bytes that this process holds, with what finding out about the CPU takes."""
    host()
    return _resident()


def _resident() -> int:
    return _status("VmRSS") or peak_memory()


def peak_memory() -> int:
    """Give the largest resident set so far, in bytes; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    # On Linux `ru_maxrss` can be that of the process that started this one.
    if peak := _status("VmHWM"):
        return peak
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _status(field: str) -> int:
    """Give a size that Linux tells of this process, in bytes; 0 where there is none."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    found = [line.split()[1] for line in lines if line.startswith(f"{field}:")]
    return int(found[0]) * 1024 if found else 0


def require_memory(loaded: LoadedConfig, demand: Demand) -> None:
    """Raise ConfigError where the training would need more memory than there is."""
    wanted = demand.config.training.batch_size
    need, room = demand.peak(wanted), available_memory()
    if room is None or need <= room + demand.held:
        return
    fits = largest_batch(demand.peak, room + demand.held, min(wanted, demand.samples))
    hint = f"the largest batch that fits is {fits}" if fits else "use a smaller network"
    problem = loaded.problem(
        ("training", "batch_size") if fits else ("model",),
        f"training needs about {need / GIGABYTE:,.2f} GB of memory in all, but this process can "
        f"have {(room + demand.held) / GIGABYTE:,.2f} GB",
        hint=hint,
    )
    raise ConfigError([problem])
