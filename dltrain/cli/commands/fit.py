"""`dltrain fit`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dltrain.cli.options import Config, Overrides


def fit(
    config: Config,
    overrides: Overrides = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the run folder; default: the config's.")
    ] = None,
    runs: Annotated[Path, typer.Option("--runs", help="Folder of all runs.")] = Path("runs"),
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run where it stopped, bit for bit.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the run of this name.")] = False,
    accept_changed_data: Annotated[
        bool,
        typer.Option(
            "--accept-changed-data",
            help="With --resume: go on although the data set is another one.",
        ),
    ] = False,
) -> None:
    """Train a network as a config says.

    Writes runs/NAME: the config, metrics of each epoch, the best and the last checkpoint, and the
    test result. Ctrl-C leaves a run that --resume goes on with.

    Example: dltrain fit configs/digits.yaml --set training.epochs=5
    """
    from dltrain.cli.console import is_terminal, screen
    from dltrain.cli.wording import result_text
    from dltrain.training.fit import fit as train

    with screen() as shown:
        run = train(
            config,
            overrides=overrides or (),
            observe=shown,
            name=name,
            runs=runs,
            resume=resume,
            force=force,
            accept_changed_data=accept_changed_data,
        )
    # On a terminal the panel has said it.
    if not (is_terminal() and sys.stdout.isatty()):
        typer.echo(result_text(run.result))
