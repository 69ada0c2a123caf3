"""Parameters that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path, typer.Argument(metavar="CONFIG", help="The YAML file.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace a value, as in training.epochs=5."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Checkpoint = Annotated[
    str,
    typer.Argument(
        metavar="CHECKPOINT", help="A .safetensors file, a run folder (its best), or FOLDER@last."
    ),
]
BatchSize = Annotated[
    int | None, typer.Option("--batch-size", min=1, help="Samples that are run at once.")
]
Threads = Annotated[
    int | None, typer.Option("--threads", min=1, help="Threads that compute; default: all CPUs.")
]
