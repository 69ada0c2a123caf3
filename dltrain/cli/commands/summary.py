"""`dltrain summary`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dltrain.cli.options import AsJson, Overrides

if TYPE_CHECKING:
    from dltrain.engine.graph import Graph


def summary(
    source: Annotated[str, typer.Argument(metavar="CONFIG|CHECKPOINT", help="What to describe.")],
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Print the layers: output shapes, parameters, multiply-adds.

    Multiply-adds are those of one sample, forward.

    Example: dltrain summary configs/digits.yaml
    """
    import json

    from dltrain.cli.tables import layer_table, layers_json
    from dltrain.core.errors import UsageError

    if _is_config(source):
        graph = _of_config(source, overrides or [])
    elif overrides:
        raise UsageError("a checkpoint's network is as it is", hint="leave `--set` out")
    else:
        graph = _of_checkpoint(source)
    rows = graph.table()
    if as_json:
        typer.echo(json.dumps(layers_json(rows), indent=2))
    else:
        typer.echo(layer_table(rows))


def _is_config(source: str) -> bool:
    path = Path(source)
    if path.suffix.lower() in (".yaml", ".yml"):
        return not path.is_dir()
    return path.is_file() and path.suffix.lower() != ".safetensors"


def _of_config(source: str, overrides: list[str]) -> Graph:
    from dltrain.config.loader import read
    from dltrain.core.errors import DataError
    from dltrain.engine.check import check

    checked = check(read(source, overrides))
    checked.loaded()
    if checked.graph is None:
        raise DataError("the shape of the data is not known before they are read", at=source)
    return checked.graph


def _of_checkpoint(source: str) -> Graph:
    from dltrain.config.loader import load_dict
    from dltrain.engine.graph import build_graph
    from dltrain.engine.restore import inputs_of
    from dltrain.storage import checkpoint
    from dltrain.storage.locate import locate

    stored = checkpoint.load(locate(source))
    model = load_dict(stored.config, dataset=False).config.model
    return build_graph(model.expand(), stored.input_shape, stored.classes, inputs_of(stored))
