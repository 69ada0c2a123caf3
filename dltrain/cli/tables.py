"""Plain tables for standard output: readable by people, and by `awk` too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dltrain.core.shapes import describe

if TYPE_CHECKING:
    from dltrain.engine.graph import LayerFacts

_HEADINGS = ("layer", "type", "output shape", "parameters", "multiply-adds")


def layer_table(rows: Sequence[LayerFacts]) -> str:
    """Lay layers out with a line of totals, and tell what is frozen where anything is."""
    cells = [
        (
            row.name,
            row.type,
            describe(row.output_shape),
            f"{row.parameters:,}",
            f"{row.multiply_adds:,}",
        )
        for row in rows
    ]
    parameters = sum(row.parameters for row in rows)
    frozen = sum(row.frozen for row in rows)
    multiply_adds = sum(row.multiply_adds for row in rows)
    total = ("total", "", "", f"{parameters:,}", f"{multiply_adds:,}")
    text = table(_HEADINGS, [*cells, total], right=(3, 4), rule_before_last=True)
    if not frozen:
        return text
    return f"{text}\n\ntrainable  {parameters - frozen:,}\nfrozen     {frozen:,}"


def layers_json(rows: Sequence[LayerFacts]) -> dict[str, Any]:
    """Give the same as plain values; parameters are null where no layers are known."""
    layers = [{**asdict(row), "output_shape": list(row.output_shape)} for row in rows]
    counts = {
        name: sum(row[name] for row in layers) if rows else None
        for name in ("parameters", "frozen")
    }
    return {"layers": layers, **counts}


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[int] = (),
    rule_before_last: bool = False,
) -> str:
    """Lay rows out in columns as wide as their widest cell; those in `right` end at the right."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    rule = "  ".join("-" * width for width in widths)
    lines = [_line(row, widths, right) for row in rows]
    if rule_before_last:
        lines.insert(-1, rule)
    return "\n".join([_line(headings, widths, right), rule, *lines])


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> str:
    padded = [
        cell.rjust(width) if at in right else cell.ljust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()


def byte_text(count: int) -> str:
    """Write a number of bytes in the unit that suits it."""
    amount, units = float(count), iter(("bytes", "KiB", "MiB", "GiB"))
    unit = next(units)
    while amount >= 1024 and unit != "GiB":
        amount, unit = amount / 1024, next(units)
    return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
