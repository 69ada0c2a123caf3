"""How much memory this process has taken at its peak, and whether a training fits."""

from __future__ import annotations

import sys

from dltrain.config.draft import LoadedConfig
from dltrain.core.errors import ConfigError
from dltrain.data.samples import TargetForm
from dltrain.engine.estimate import memory_estimate
from dltrain.engine.graph import Graph
from dltrain.engine.limits import available_memory, largest_batch
from dltrain.engine.lower import Objective

GIGABYTE = 1e9


def peak_memory() -> int:
    """Give the largest resident set so far, in bytes; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def require_memory(
    loaded: LoadedConfig, graph: Graph, *, target_form: TargetForm, batch_size: int, threads: int
) -> None:
    """Raise ConfigError where the training would need more memory than there is."""
    settings = loaded.config.training
    objective = Objective(settings.loss, settings.metrics, target_form)

    def need(batch: int) -> int:
        optimizer = loaded.config.optimizer
        return memory_estimate(
            graph,
            objective,
            optimizer,
            batch_size=batch,
            threads=threads,
            precision=settings.precision,
        )

    wanted, available = need(batch_size), available_memory()
    if available is None or wanted <= available:
        return
    fits = largest_batch(need, available, batch_size)
    hint = f"the largest batch that fits is {fits}" if fits else "use a smaller network"
    problem = loaded.problem(
        ("training", "batch_size") if fits else ("model",),
        f"training needs about {wanted / GIGABYTE:,.1f} GB of memory beside the data, but "
        f"{available / GIGABYTE:,.1f} GB are free",
        hint=hint,
    )
    raise ConfigError([problem])
