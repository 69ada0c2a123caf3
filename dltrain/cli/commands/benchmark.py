"""`dltrain benchmark`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from dltrain.cli.options import AsJson, Config, Overrides

if TYPE_CHECKING:
    from dltrain.engine.profile import LayerTime
    from dltrain.training.benchmark import Benchmark

_HEADINGS = (
    *("layer", "forward ms", "backward ms", "total ms", "share"),
    *("GFLOP/s", "of peak", "GB/s", "of peak", "bound"),
)
_NOTES = (
    "GFLOP/s counts the direct algorithm. Kernels that need fewer operations, such as Winograd's",
    "and gradients that leave zeros out, may exceed the peak; it is that of float32, and bfloat16",
    "may exceed it too.",
    "GB/s counts what must at least pass between memory and caches, so it is a lower bound; where",
    "a cache holds that too, it may exceed the peak.",
    "bound is the peak that explains most of the time, or overhead where neither explains half.",
)


def benchmark(config: Config, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Measure speed, peak memory, and each layer's time beside the machine's peaks.

    Training and inference are measured, as samples per second. Of each layer of a training step:
    its time, GFLOP/s and GB/s, their shares of what this machine reaches, and which limit is near.
    GFLOP/s counts the direct algorithm, so that quicker ones, as Winograd's, may exceed the peak.

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

    rows = [_cells(result, layer) for layer in (*result.layers, result.whole)]
    peaks = result.peaks
    facts = [
        ("training", f"{result.training:,.0f} samples/s at batch {result.batch_size}"),
        ("inference", f"{result.inference:,.0f} samples/s at batch {result.batch_size}"),
        ("", f"{result.inference_single:,.0f} samples/s one at a time"),
        ("step", f"{result.step_seconds * 1e3:.3f} ms on {result.threads} threads"),
        ("peak memory", byte_text(result.peak_memory)),
        ("peak speed", f"{peaks.operations / 1e9:.1f} GFLOP/s, NumPy's best large product"),
        ("", f"{peaks.bytes / 1e9:.1f} GB/s, a copy that no cache holds"),
    ]
    lines = [f"{name:<12} {value}" for name, value in facts]
    shown = table(_HEADINGS, rows, right=range(1, 9), rule_before_last=True)
    return "\n".join([shown, "", *lines, "", *_NOTES])


def _cells(result: Benchmark, layer: LayerTime) -> tuple[str, ...]:
    """Lay out one layer; what it does not have stays empty."""
    place = result.standing(layer)
    computes, moves = layer.operations > 0, layer.bytes > 0
    return (
        layer.layer,
        *(f"{spent * 1e3:.3f}" for spent in (layer.forward, layer.backward, layer.total)),
        f"{layer.total / result.whole.total:.1%}",
        f"{place.operations_per_second / 1e9:.1f}" if computes else "",
        f"{place.compute_share:.0%}" if computes else "",
        f"{place.bytes_per_second / 1e9:.1f}" if moves else "",
        f"{place.memory_share:.0%}" if moves else "",
        f"{place.bound} {place.bound_share:.0%}",
    )
