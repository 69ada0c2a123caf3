"""`dltrain init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_SCHEMA = "dltrain.schema.json"


def init(
    template: Annotated[
        str,
        typer.Argument(
            metavar="[TEMPLATE]",
            help="Such as digits or mnist_cnn, a model such as resnet18, or a config to expand.",
        ),
    ] = "digits",
    data: Annotated[
        Path | None, typer.Option("--data", help="Fit the config to the data in this folder.")
    ] = None,
    expand: Annotated[
        bool, typer.Option("--expand", help="Write the layers of a model such as resnet18 out.")
    ] = False,
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write.")] = Path(
        "config.yaml"
    ),
) -> None:
    """Write a commented config to start from.

    With it goes dltrain.schema.json, with which editors complete and check it. A file that is
    there is kept.

    Example: dltrain init --data photos/ -o photos.yaml
    """
    import json
    import sys

    from dltrain.cli.files import write_text
    from dltrain.config.expand import expanded
    from dltrain.config.json_schema import json_schema
    from dltrain.config.templates import beginning

    folder = output.parent
    text = beginning(template, data, folder)
    if expand:
        text = expanded(text, template)
    write_text(output, text, replace=False)
    schema = folder / _SCHEMA
    if not schema.exists():
        write_text(schema, json.dumps(json_schema(), indent=2) + "\n")
    sys.stderr.write(f"wrote {output}; next: dltrain fit {output}\n")
