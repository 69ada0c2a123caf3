"""Figures as a table, ratios and shares."""

from __future__ import annotations

from math import nan

from tests.benchmarks.contender import DLTRAIN, FRAMEWORKS
from tests.benchmarks.measuring import MEMORY, TRAINING, Figures


def table(figures: Figures) -> list[str]:
    """Lay the figures out, a line for each contender."""
    names = list(next(iter(figures.values())))
    width = max(map(len, names))
    lines = [" | ".join([" " * width, *figures])]
    for name in names:
        cells = [
            f"{values.get(name, nan):>{len(measure)},.0f}" for measure, values in figures.items()
        ]
        lines.append(" | ".join([name.ljust(width), *cells]))
    return lines


def ratios(figures: Figures, own: str = DLTRAIN) -> list[str]:
    """Say how a contender stands to the best of each framework and of all."""
    lines = []
    for measure, values in figures.items():
        peers = {name: value for name, value in values.items() if name != own}
        if own not in values or not peers:
            continue
        best = min if measure == MEMORY else max
        parts = []
        for framework in (DLTRAIN, *FRAMEWORKS, ""):
            group = {name: value for name, value in peers.items() if name.startswith(framework)}
            if group:
                name = best(group, key=lambda key: group[key])
                parts.append(f"{values[own] / group[name]:.2f} of {name}")
        lines.append(f"{measure}: {own} is {', '.join(dict.fromkeys(parts))}")
    return lines


def share(figures: Figures, operations: float, peak: float) -> str:
    """Say how much of the machine's peak training reaches; operations are those of a sample."""
    reached = figures[TRAINING][DLTRAIN] * operations
    return (
        f"training reaches {reached / 1e9:.0f} GFLOP/s, {reached / peak:.0%} of the"
        f" {peak / 1e9:.0f} GFLOP/s of NumPy's large matrix products"
    )
