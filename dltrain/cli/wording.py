"""Numbers as people read them."""

from __future__ import annotations

import math


def number(value: float | None) -> str:
    """Write a loss or a metric: four places where that says something."""
    if value is None or not math.isfinite(value):
        return "not finite"
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.3g}"


def rate(samples_per_second: float) -> str:
    """Write a speed."""
    return f"{samples_per_second:,.0f} samples/s"


def clock(seconds: float) -> str:
    """Write a time: 0.52 s, 12 s, 3:05, 1:02:03."""
    if seconds < 10:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def counted(count: int, noun: str) -> str:
    """Write a count and what is counted: 1 epoch, 2 epochs."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def result_text(result: dict[str, object]) -> str:
    """Write a result: `test  loss 0.0312  accuracy 0.9911  (10,000 samples)`."""
    metrics = result["metrics"]
    values = {"loss": result["loss"], **(metrics if isinstance(metrics, dict) else {})}
    shown = "  ".join(f"{name} {number(value)}" for name, value in values.items())
    return f"{result['split']}  {shown}  ({result['samples']:,} samples)"
