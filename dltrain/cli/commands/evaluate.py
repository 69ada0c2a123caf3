"""`dltrain evaluate`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dltrain.cli.options import AsJson, BatchSize, Checkpoint, Threads

if TYPE_CHECKING:
    from dltrain.training.evaluate import Scores


def evaluate(
    checkpoint: Checkpoint,
    split: Annotated[str, typer.Option("--split", help="Which split.")] = "test",
    data: Annotated[
        Path | None, typer.Option("--data", help="Other data of the same kind; default: the run's.")
    ] = None,
    batch_size: BatchSize = None,
    threads: Threads = None,
    as_json: AsJson = False,
    bleu: Annotated[
        bool, typer.Option("--bleu", help="Compare texts that it makes by BLEU, too.")
    ] = False,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-under", metavar="METRIC=VALUE", help="Exit with 6 where a metric is below."
        ),
    ] = None,
) -> None:
    """Measure loss and metrics of a checkpoint on one split.

    Example: dltrain evaluate runs/digits --fail-under accuracy=0.98
    """
    import json

    from dltrain.cli.console import screen
    from dltrain.cli.wording import result_text
    from dltrain.training.evaluate import evaluate_checkpoint
    from dltrain.training.events import Compiling

    floors = [_floor(text) for text in fail_under or ()]
    with screen() as shown:
        scores = evaluate_checkpoint(
            checkpoint,
            split=split,
            data=data,
            batch_size=batch_size,
            threads=threads,
            observe=shown,
            on_compile=lambda done, total, name: shown(Compiling(done, total, name)),
            check=lambda names: _require_known(floors, names),
            with_bleu=bleu,
        )
    result = scores.as_json(split)
    typer.echo(json.dumps(result) if as_json else result_text(result))
    _require(floors, scores)


def _floor(text: str) -> tuple[str, float]:
    """Read `accuracy=0.98`."""
    from dltrain.core.errors import UsageError

    name, _, value = text.partition("=")
    try:
        floor = float(value)
    except ValueError:
        floor = math.nan
    if not name or math.isnan(floor):
        raise UsageError(f"--fail-under takes METRIC=VALUE, not {text!r}", hint="accuracy=0.98")
    return name, floor


def _require_known(floors: list[tuple[str, float]], names: tuple[str, ...]) -> None:
    from dltrain.core.errors import UsageError
    from dltrain.core.suggest import nearest

    for name, _ in floors:
        if name not in names:
            near = nearest(name, names)
            there = ", ".join(names) or "none: add them under training.metrics"
            hint = f"did you mean `{near}`?" if near else f"metrics: {there}"
            raise UsageError(f"--fail-under: the checkpoint has no metric {name!r}", hint=hint)


def _require(floors: list[tuple[str, float]], scores: Scores) -> None:
    from dltrain.core.errors import ThresholdError

    low = [
        f"{name} is {scores.metrics[name]:.6g}, under {floor:g}"
        for name, floor in floors
        # Written so that what is not a number fails too.
        if not scores.metrics[name] >= floor
    ]
    if low:
        raise ThresholdError("; ".join(low))
