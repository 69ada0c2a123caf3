"""Predictions as text: a table for people, JSON, JSON lines and CSV for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence

from dltrain.cli.tables import table
from dltrain.inference.predict import Record


def as_table(records: Sequence[Record]) -> str:
    """Lay records out in columns."""
    rows = [
        (
            record.path,
            record.top[0].label if record.top else "",
            f"{record.top[0].probability:.4f}" if record.top else "",
            record.error
            or "  ".join(f"{one.label} {one.probability:.4f}" for one in record.top[1:]),
        )
        for record in records
    ]
    return table(("path", "label", "probability", "next, or error"), rows, right=(2,)) + "\n"


def as_json(records: Sequence[Record]) -> str:
    """Write one JSON array."""
    return json.dumps([record.as_json() for record in records], indent=2) + "\n"


def as_jsonl(records: Sequence[Record]) -> str:
    """Write one JSON object a line."""
    return "".join(json.dumps(record.as_json()) + "\n" for record in records)


def as_csv(records: Sequence[Record]) -> str:
    """Write CSV: path, label, probability, label_2, probability_2, ..., error."""
    count = max((len(record.top) for record in records), default=1) or 1
    more = (f"{name}_{place}" for place in range(2, count + 1) for name in ("label", "probability"))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "label", "probability", *more, "error"])
    for record in records:
        top = [value for one in record.top for value in (one.label, repr(one.probability))]
        top += [""] * (2 * count - len(top))
        writer.writerow([record.path, *top, record.error or ""])
    return text.getvalue()


WRITERS: dict[str, Callable[[Sequence[Record]], str]] = {
    "table": as_table,
    "json": as_json,
    "jsonl": as_jsonl,
    "csv": as_csv,
}
