"""`dltrain list`."""

from __future__ import annotations

from typing import Annotated

import typer

from dltrain.cli.options import AsJson


def list_(
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="Such as layers; default: the kinds.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Name everything that a config may use.

    Example: dltrain list layers
    """
    import json

    from dltrain.cli.tables import table
    from dltrain.config.catalog import kinds, names_of

    entries = kinds() if kind is None else names_of(kind)
    if as_json:
        typer.echo(json.dumps(entries, indent=2))
    else:
        typer.echo(table(("name", "meaning"), list(entries.items())))
