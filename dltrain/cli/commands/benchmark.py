"""`dltrain benchmark`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from dltrain.cli.options import AsJson, Config, Overrides

if TYPE_CHECKING:
    from dltrain.training.benchmark import Benchmark


def benchmark(config: Config, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Measure speed, peak memory and the time of each layer.

    Training and inference are measured, as samples per second.

    Example: dltrain benchmark configs/mnist_cnn.yaml --set dataset.path=data/mnist
    """
    import json

    from dltrain.cli.console import screen
    from dltrain.training.benchmark import benchmark as measure
    from dltrain.training.prepare import read_config

    with screen() as shown:
        result = measure(read_config(config, overrides or []), shown)
    typer.echo(json.dumps(result.as_json(), indent=2) if as_json else _text(result))


def _text(result: Benchmark) -> str:
    from dltrain.cli.tables import byte_text, table

    total = sum(layer.total for layer in result.layers)
    cells = [
        (
            layer.layer,
            f"{layer.forward * 1e3:.3f}",
            f"{layer.backward * 1e3:.3f}",
            f"{layer.total * 1e3:.3f}",
            f"{layer.total / total:.1%}",
        )
        for layer in result.layers
    ]
    headings = ("layer", "forward ms", "backward ms", "total ms", "share")
    rows = [*cells, ("step", "", "", f"{total * 1e3:.3f}", "")]
    facts = [
        ("training", f"{result.training:,.0f} samples/s at batch {result.batch_size}"),
        ("inference", f"{result.inference:,.0f} samples/s at batch {result.batch_size}"),
        ("", f"{result.inference_single:,.0f} samples/s one at a time"),
        ("step", f"{result.step_seconds * 1e3:.3f} ms on {result.threads} threads"),
        ("peak memory", byte_text(result.peak_memory)),
    ]
    lines = [f"{name:<12} {value}" for name, value in facts]
    return "\n".join([table(headings, rows, right=(1, 2, 3, 4), rule_before_last=True), "", *lines])
