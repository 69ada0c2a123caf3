"""`dltrain validate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from dltrain.cli.options import AsJson, Config, Overrides

if TYPE_CHECKING:
    from dltrain.engine.check import Checked


def validate(config: Config, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Check a config: all problems at once, or its shapes.

    Where nothing is wrong, print the layers' shapes, their parameters and an estimate of the
    memory that the process takes at the peak of training, the data included. Nothing is downloaded
    or trained.

    Example: dltrain validate configs/digits.yaml --set training.epochs=5
    """
    import json

    from dltrain.config.loader import read
    from dltrain.engine.check import check

    checked = check(read(config, overrides or ()))
    if as_json:
        typer.echo(json.dumps(_summary(checked), indent=2))
    checked.loaded()
    if not as_json:
        typer.echo(_text(checked))


def _summary(checked: Checked) -> dict[str, Any]:
    """Give the object of `--json`."""
    from dltrain.cli.tables import layers_json

    problems = [problem.as_dict() for problem in checked.problems]
    if checked.data_error is not None:
        problems.append(_data_problem(checked))
    rows = checked.graph.table() if checked.graph and not problems else []
    return {
        "problems": problems,
        **layers_json(rows),
        "memory": _memory(checked) if rows else None,
    }


def _data_problem(checked: Checked) -> dict[str, object]:
    """Describe what is wrong with the data as a problem of the config's `dataset`."""
    error = checked.data_error
    assert error is not None  # noqa: S101 - the caller has looked
    message = f"{error.message} ({error.at})" if error.at else error.message
    return checked.draft.problem(("dataset",), message, hint=error.hint).as_dict()


def _text(checked: Checked) -> str:
    from dltrain.cli.tables import byte_text, layer_table

    if checked.graph is None or checked.facts is None:
        return f"{checked.draft.written.path} is right; its shapes show when the data are read"
    memory = byte_text(_memory(checked))
    samples = ", ".join(f"{count:,} {name}" for name, count in checked.facts.samples.items())
    return "\n".join(
        [
            layer_table(checked.graph.table()),
            "",
            f"samples  {samples}",
            f"memory   about {memory} at the peak of training, the data and Python included",
            f"{checked.draft.written.path} is right",
        ]
    )


def _memory(checked: Checked) -> int:
    from dltrain.training.memory import demand_of

    config, facts, graph = checked.draft.config, checked.facts, checked.graph
    # Without problems there are all three.
    assert config is not None  # noqa: S101
    assert facts is not None  # noqa: S101
    assert graph is not None  # noqa: S101
    return demand_of(config, graph, facts).peak(config.training.batch_size)
