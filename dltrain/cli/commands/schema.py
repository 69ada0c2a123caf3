"""`dltrain schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def schema(
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to write; default: print it.")
    ] = None,
) -> None:
    """Write the JSON Schema of configs.

    Editors complete and check configs with it.

    Example: dltrain schema -o dltrain.schema.json
    """
    import json

    from dltrain.cli.files import write_text
    from dltrain.config.json_schema import json_schema

    text = json.dumps(json_schema(), indent=2) + "\n"
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_text(output, text)
